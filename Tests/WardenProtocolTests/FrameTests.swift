import Testing
import WardenProtocol

@Suite("Frames")
struct FrameTests {
  @Test("come out whole and in order however the stream is cut", arguments: 1...6 as ClosedRange<UInt64>)
  func anyCut(seed: UInt64) throws {
    var random = Seeded(state: seed)
    let bodies = (0..<200).map { _ in random.bytes(random.below(3) == 0 ? random.below(5000) : random.below(8)) }
    var stream = try bodies.flatMap { try Frame.wrap($0) }[...]
    var decoder = FrameDecoder()
    var received: [[UInt8]] = []
    while !stream.isEmpty {
      let part = stream.prefix(1 + random.below(3000))
      stream = stream.dropFirst(part.count)
      decoder.feed(part)
      while decoder.isReady {
        let body = try decoder.next()
        received.append(try #require(body))
      }
      let incomplete = try decoder.next()
      #expect(incomplete == nil)
    }
    #expect(received == bodies)
    #expect(decoder.bufferedBytes == 0)
  }

  @Test("that are too long are refused before they come")
  func tooLong() {
    var decoder = FrameDecoder()
    decoder.feed([1, 0, 0x40, 0])
    #expect(decoder.isReady)
    let error = #expect(throws: WireError.self) { try decoder.next() }
    #expect(error?.description.contains("4194305") == true)
    #expect(throws: WireError.self) { try Frame.wrap([UInt8](repeating: 0, count: Frame.maximumLength + 1)) }
  }

  @Test("of the greatest length pass")
  func longest() throws {
    let body = [UInt8](repeating: 7, count: Frame.maximumLength)
    var decoder = FrameDecoder()
    decoder.feed(try Frame.wrap(body))
    let received = try decoder.next()
    #expect(received == body)
  }

  @Test("wait for their last byte")
  func incomplete() throws {
    var decoder = FrameDecoder()
    for byte: UInt8 in [2, 0, 0, 0, 5] {
      decoder.feed([byte])
      #expect(!decoder.isReady)
      let early = try decoder.next()
      #expect(early == nil)
    }
    decoder.feed([6])
    let body = try decoder.next()
    #expect(body == [5, 6])
  }
}
