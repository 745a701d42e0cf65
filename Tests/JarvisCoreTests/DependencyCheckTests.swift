import Testing

@testable import JarvisCore

struct DependencyCheckTests {
  @Test("no cycle in a diamond")
  func diamond() {
    #expect(DependencyCheck.findCycle(count: 4, edges: [(3, 1), (3, 2), (1, 0), (2, 0)]) == nil)
    #expect(DependencyCheck.findCycle(count: 0, edges: []) == nil)
  }

  @Test("a cycle is told as a path that begins and ends with the same task")
  func path() {
    #expect(DependencyCheck.findCycle(count: 5, edges: [(0, 1), (1, 2), (2, 3), (3, 1), (4, 0)]) == [1, 2, 3, 1])
    #expect(DependencyCheck.findCycle(count: 2, edges: [(1, 1)]) == [1, 1])
  }

  @Test("a chain of 10,000 needs no deep stack, and a cycle at its end is found")
  func deep() {
    var edges = (0..<9_999).map { (task: $0, waitsFor: $0 + 1) }
    #expect(DependencyCheck.findCycle(count: 10_000, edges: edges) == nil)
    edges.append((9_999, 0))
    #expect(DependencyCheck.findCycle(count: 10_000, edges: edges)?.count == 10_001)
  }

  @Test("what is found is a cycle, and it is found exactly if there is one", arguments: 1...30)
  func random(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let count = 12
    let edges = (0..<14).map { _ in
      (task: Int.random(in: 0..<count, using: &random), waitsFor: Int.random(in: 0..<count, using: &random))
    }
    // A task is on no cycle if taking away tasks that wait for nothing takes it away in the end.
    var left = Set(0..<count)
    while let free = left.first(where: { task in !edges.contains { $0.task == task && left.contains($0.waitsFor) } }) {
      left.remove(free)
    }
    let cycle = DependencyCheck.findCycle(count: count, edges: edges)
    #expect((cycle == nil) == left.isEmpty)
    guard let cycle else { return }
    #expect(cycle.count >= 2 && cycle.first == cycle.last)
    #expect(Set(cycle).count == cycle.count - 1)
    for (task, next) in zip(cycle, cycle.dropFirst()) {
      #expect(edges.contains { $0.task == task && $0.waitsFor == next })
    }
  }
}
