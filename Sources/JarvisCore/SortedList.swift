/// Distinct elements in ascending order, in chunks: inserting and removing cost one binary search and a move within a
/// small block, so 100,000 elements stay at a microsecond; going through it in order and counting what lies before an
/// element need no copy. Compact: no nodes, no links.
struct SortedList<Element: Comparable & Sendable>: Sendable {
  private var chunks: [[Element]] = []
  private(set) var count = 0

  /// A chunk is split in two when it grows past this.
  private static var chunkLimit: Int { 256 }

  var isEmpty: Bool { count == 0 }
  var first: Element? { chunks.first?.first }

  /// Puts an element in its place. False if an equal one was there.
  @discardableResult
  mutating func insert(_ element: Element) -> Bool {
    guard let last = chunks.last?.last else {
      chunks.append([element])
      count = 1
      return true
    }
    if element > last {
      // The usual case: tasks come in the order of their submission. A full last chunk stays full.
      if chunks[chunks.count - 1].count < Self.chunkLimit {
        chunks[chunks.count - 1].append(element)
      } else {
        chunks.append([element])
      }
      count += 1
      return true
    }
    let at = position(of: element)
    if chunks[at.chunk][at.offset] == element { return false }
    chunks[at.chunk].insert(element, at: at.offset)
    count += 1
    if chunks[at.chunk].count > Self.chunkLimit {
      let half = chunks[at.chunk].count / 2
      let upper = Array(chunks[at.chunk][half...])
      chunks[at.chunk].removeSubrange(half...)
      chunks.insert(upper, at: at.chunk + 1)
    }
    return true
  }

  /// Takes an element out. False if it wasn't there.
  @discardableResult
  mutating func remove(_ element: Element) -> Bool {
    guard let last = chunks.last?.last, element <= last else { return false }
    let at = position(of: element)
    guard chunks[at.chunk][at.offset] == element else { return false }
    chunks[at.chunk].remove(at: at.offset)
    count -= 1
    let left = chunks[at.chunk].count
    if left == 0 {
      chunks.remove(at: at.chunk)
    } else if left < Self.chunkLimit / 4, at.chunk + 1 < chunks.count,
      left + chunks[at.chunk + 1].count <= Self.chunkLimit / 2
    {
      chunks[at.chunk].append(contentsOf: chunks[at.chunk + 1])
      chunks.remove(at: at.chunk + 1)
    }
    return true
  }

  /// Takes the first element out.
  mutating func popFirst() -> Element? {
    guard let first else { return nil }
    remove(first)
    return first
  }

  /// The element with `offset` others before it; nil past the end.
  func element(at offset: Int) -> Element? {
    guard offset >= 0, offset < count else { return nil }
    var left = offset
    for chunk in chunks {
      if left < chunk.count { return chunk[left] }
      left -= chunk.count
    }
    return nil
  }

  /// How many elements are less than `element`, which need not be in the list.
  func countBefore(_ element: Element) -> Int {
    guard let last = chunks.last?.last else { return 0 }
    if element > last { return count }
    let at = position(of: element)
    var before = at.offset
    for chunk in chunks[..<at.chunk] { before += chunk.count }
    return before
  }

  func contains(_ element: Element) -> Bool {
    guard let last = chunks.last?.last, element <= last else { return false }
    let at = position(of: element)
    return chunks[at.chunk][at.offset] == element
  }

  /// All elements in order.
  var elements: [Element] { chunks.flatMap { $0 } }

  /// Where the first element that isn't less than `element` is. There must be one.
  private func position(of element: Element) -> (chunk: Int, offset: Int) {
    let chunk = Self.firstIndex(in: chunks.count) { chunks[$0][chunks[$0].count - 1] >= element }
    let offset = Self.firstIndex(in: chunks[chunk].count) { chunks[chunk][$0] >= element }
    return (chunk, offset)
  }

  /// The first of 0..<count for which `isPast` holds, which must hold for all after it too; `count` if for none.
  private static func firstIndex(in count: Int, _ isPast: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isPast(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
