import Glibc
import JarvisClient
import JarvisProtocol

/// Copies a task's output to stdout or stderr, through restarts of the daemon.
struct LogFollower {
  private struct Source {
    let stream: OutputStream
    let descriptor: Int32
    var offset: Int
    var isOver = false
    var request: Int64?
    var askedAt = 0.0
  }

  private let globals: GlobalOptions
  private let id: TaskID
  private let follows: Bool
  private var sources: [Source] = []

  /// - Parameter follows: whether to wait for more until the task ends.
  init(_ globals: GlobalOptions, task: TaskID, follows: Bool) {
    self.globals = globals
    id = task
    self.follows = follows
  }

  /// Adds an output to copy, from an offset in bytes on.
  mutating func add(_ stream: OutputStream, to descriptor: Int32, from offset: Int = 0) {
    sources.append(Source(stream: stream, descriptor: descriptor, offset: offset))
  }

  /// Copies until the end of the output as it is now, or as it will be when the task is over.
  mutating func run(_ client: Client) throws {
    guard follows else { return try copy(client) }
    let globals = globals
    try globals.persevering(client) { try copy($0) }
  }

  private mutating func copy(_ client: Client) throws {
    for index in sources.indices where !sources[index].isOver { try ask(client, index) }
    while sources.contains(where: { !$0.isOver }) {
      guard case .answer(let answered, let result)? = try client.receive(),
        let index = sources.firstIndex(where: { $0.request == answered })
      else { continue }
      switch result {
      case .failure(let failure): throw ClientError.refused(failure)
      case .success(let reply): try take(reply, index, client)
      }
    }
  }

  private mutating func take(_ reply: Reply, _ index: Int, _ client: Client) throws {
    let piece = try Client.read(TaskLogs.self, reply)
    if globals.json { put(reply) } else { put(piece.data, to: sources[index].descriptor) }
    sources[index].offset = piece.nextOffset
    sources[index].isOver = piece.end || (!follows && (piece.nextOffset >= piece.size || piece.data.isEmpty))
    guard !sources[index].isOver else { return }
    // A daemon that answers empty at once (while it is stopping, say) must not be asked in a tight loop.
    if piece.data.isEmpty, Monotonic.now - sources[index].askedAt < 0.05 { usleep(200_000) }
    try ask(client, index)
  }

  private mutating func ask(_ client: Client, _ index: Int) throws {
    let source = sources[index]
    var parameters = TaskLogs.Parameters(
      id: id, stream: source.stream, offset: source.offset, waitSeconds: follows ? 30 : 0)
    parameters.maxBytes = 262_144
    sources[index].askedAt = Monotonic.now
    sources[index].request = try client.send(TaskLogs.name, parameters.json)
  }

  /// The last lines of an output, and the offset after them. Lines are counted in the text, not by offsets, since
  /// bytes that are not UTF-8 come replaced by others.
  static func tail(_ client: Client, _ id: TaskID, _ stream: OutputStream, lines: Int) throws -> (
    text: String, next: Int
  ) {
    var window = 65_536
    while true {
      var parameters = TaskLogs.Parameters(id: id, stream: stream, offset: -window)
      parameters.maxBytes = min(window, 1 << 20)
      var piece = try client.call(TaskLogs.self, parameters)
      let isWhole = piece.offset == 0
      let end = piece.size
      var text = Array(piece.data.utf8)
      while piece.nextOffset < end, !piece.data.isEmpty {
        parameters.offset = piece.nextOffset
        parameters.maxBytes = min(1 << 20, end - piece.nextOffset)
        piece = try client.call(TaskLogs.self, parameters)
        text.append(contentsOf: piece.data.utf8)
      }
      let start = startOfLastLines(lines, of: text)
      if let start { return (String(decoding: text[start...], as: UTF8.self), piece.nextOffset) }
      if isWhole { return (String(decoding: text, as: UTF8.self), piece.nextOffset) }
      window *= 8
    }
  }

  /// Where the last lines begin; nil where there are not more than that many.
  private static func startOfLastLines(_ lines: Int, of text: [UInt8]) -> Int? {
    guard lines > 0 else { return text.count }
    var found = 0
    var at = text.last == 0x0A ? text.count - 1 : text.count
    while at > 0 {
      if text[at - 1] == 0x0A {
        found += 1
        if found == lines { return at }
      }
      at -= 1
    }
    return nil
  }
}
