/// Things to come, earliest first, and among equals in the order in which they were put in. A binary heap.
struct EventQueue<Event: Sendable>: Sendable {
  private struct Entry: Sendable {
    var time: Int64
    var order: UInt64
    var event: Event

    func precedes(_ other: Entry) -> Bool {
      time == other.time ? order < other.order : time < other.time
    }
  }

  private var heap: [Entry] = []
  private var order: UInt64 = 0

  /// The time of the first; nil if there is none.
  var next: Int64? { heap.first?.time }

  mutating func insert(_ event: Event, at time: Int64) {
    heap.append(Entry(time: time, order: order, event: event))
    order += 1
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes out the first, if its time has come.
  mutating func pop(notAfter time: Int64) -> Event? {
    guard let first = heap.first, first.time <= time else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first.event }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[least]) {
        least = child
      }
      if least == parent { return first.event }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
