import JarvisProtocol
import Testing

@testable import JarvisCore

@Suite("A batch's width while it runs")
struct LearningSetWidthTests {
  @Test("a wider batch starts more, a narrower one lets those that run end first")
  func change() {
    var state = calm(roomy())
    _ = state.add(batch: batch(1, "a", .adaptive, width: 1), tasks: (1...6).map { task($0) })
    #expect(state.starts() == [1])
    state.setWidth(batch: BatchID(1), limit: 3)
    #expect(state.starts() == [2, 3])
    state.setWidth(batch: BatchID(1), limit: 1)
    _ = state.settle(id(1), as: .succeeded)
    #expect(state.starts() == [])
    #expect(state.why(4)?.isEmpty == false)
    _ = state.settle(id(2), as: .succeeded)
    #expect(state.starts() == [])
    _ = state.settle(id(3), as: .succeeded)
    #expect(state.starts() == [4])
  }

  @Test("a limit can come and go")
  func comesAndGoes() {
    var state = calm(roomy())
    _ = state.add(batch: batch(1, "a"), tasks: (1...5).map { task($0) })
    _ = state.add(batch: batch(2, "a"), tasks: [task(6)])
    state.setWidth(batch: BatchID(1), limit: 0)
    #expect(state.brokenInvariants() == [])
    #expect(state.starts() == [1, 6])
    state.setWidth(batch: BatchID(1), limit: nil)
    #expect(state.starts() == [2, 3, 4, 5])
  }

  @Test("a sequential batch keeps its one, and an unknown batch does no harm")
  func sequential() {
    var state = calm(roomy())
    _ = state.add(batch: batch(1, "a", .sequential), tasks: (1...3).map { task($0) })
    state.setWidth(batch: BatchID(1), limit: 3)
    state.setWidth(batch: BatchID(9), limit: 3)
    #expect(state.starts() == [1])
  }

  @Test("any change at any time leaves everything right", arguments: [1, 2, 3, 4])
  func random(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var policy = roomy()
    policy.maxAgentsPerSession = 4
    var state = calm(policy)
    var next = 0
    var limits: [BatchID: Int?] = [:]
    for step in 0..<400 {
      let time = Double(step)
      switch Int.random(in: 0..<6, using: &random) {
      case 0:
        let number = Int.random(in: 1...4, using: &random)
        let width = random.chance(0.5) ? Int.random(in: 1...3, using: &random) : nil
        let key = BatchID(UInt64(number))
        if state.batches[key] == nil { limits[key] = .some(width) }
        let tasks = (0..<3).map { _ in
          next += 1
          return task(
            next, Priority.allCases[next % 4], at: time,
            after: next > 2 && random.chance(0.2) ? [Dependency(id(next - 1))] : [],
            notBefore: random.chance(0.2) ? time + 5 : nil)
        }
        _ = state.add(batch: batch(number, number < 3 ? "a" : "b", .adaptive, width: width), tasks: tasks)
      case 1, 2:
        let key = BatchID(UInt64(Int.random(in: 1...4, using: &random)))
        let width = random.chance(0.7) ? Int.random(in: 1...4, using: &random) : nil
        if state.batches[key] != nil { limits[key] = .some(width) }
        state.setWidth(batch: key, limit: width)
      case 3:
        if let running = state.activeTasks.randomElement(using: &random) {
          if random.chance(0.3) { state.requeue(running) } else { _ = state.settle(running, as: .succeeded) }
        }
      default:
        let before = state.batches.mapValues(\.active)
        let started = state.starts(time)
        for (key, batch) in state.batches {
          guard let limit = limits[key] ?? nil, batch.active > (before[key] ?? 0) else { continue }
          #expect(batch.active <= limit)
        }
        #expect(Set(started).count == started.count)
      }
      #expect(state.brokenInvariants() == [])
    }
  }
}
