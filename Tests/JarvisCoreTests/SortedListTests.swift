import Testing

@testable import JarvisCore

struct SortedListTests {
  @Test("behaves like a sorted array of distinct elements", arguments: [1, 2, 3])
  func matchesArray(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var list = SortedList<Int>()
    var model: [Int] = []
    for step in 0..<6000 {
      let value = Int.random(in: 0..<3000, using: &random)
      // Grows first, then shrinks to nothing, so that chunks are split and merged.
      if random.chance(step < 3000 ? 0.8 : 0.2) {
        let isNew = list.insert(value)
        #expect(isNew == !model.contains(value))
        if isNew { model.insert(value, at: model.firstIndex { $0 > value } ?? model.count) }
      } else {
        let known = model.firstIndex(of: value)
        #expect(list.remove(value) == (known != nil))
        if let known { model.remove(at: known) }
      }
      #expect(list.count == model.count)
      #expect(list.first == model.first)
      #expect(list.countBefore(value) == model.filter { $0 < value }.count)
      #expect(list.contains(value) == model.contains(value))
      let offset = Int.random(in: 0..<(model.count + 2), using: &random)
      #expect(list.element(at: offset) == (offset < model.count ? model[offset] : nil))
    }
    #expect(list.elements == model)
    var popped: [Int] = []
    while let first = list.popFirst() { popped.append(first) }
    #expect(popped == model)
    #expect(list.isEmpty)
  }
}
