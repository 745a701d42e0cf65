/// Appends values to a body in the warden's binary form: integers little-endian and fixed in width, texts and
/// lists behind a UInt32 count, optionals behind a byte that is 0 or 1.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ value: Bool) {
    bytes.append(value ? 1 : 0)
  }

  mutating func write(_ value: Double) {
    write(value.bitPattern)
  }

  mutating func write(_ text: String) {
    write(UInt32(clamping: text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func write(_ texts: [String]) {
    write(UInt32(clamping: texts.count))
    for text in texts { write(text) }
  }

  mutating func write<Value>(optional value: Value?, _ body: (inout WireWriter, Value) -> Void) {
    write(value != nil)
    if let value { body(&self, value) }
  }
}

/// Reads what `WireWriter` wrote from bytes that nobody vouches for: every read is checked against what is left,
/// nothing is reserved on the word of a count, and no input traps.
struct WireReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  private var remaining: Int { bytes.endIndex - position }

  private mutating func take(_ count: Int, for field: String) throws(WireError) -> ArraySlice<UInt8> {
    guard count <= remaining else {
      throw WireError("The message ends inside \(field): \(count) bytes were expected, \(remaining) are left.")
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func read<Value: FixedWidthInteger>(_: Value.Type, _ field: String) throws(WireError) -> Value {
    var value: Value = 0
    var shift = 0
    for byte in try take(Value.bitWidth / 8, for: field) {
      value |= Value(truncatingIfNeeded: byte) << Value(truncatingIfNeeded: shift)
      shift += 8
    }
    return value
  }

  mutating func readBool(_ field: String) throws(WireError) -> Bool {
    switch try read(UInt8.self, field) {
    case 0: return false
    case 1: return true
    case let other: throw WireError("\(field) is \(other), expected 0 or 1.")
    }
  }

  mutating func readDouble(_ field: String) throws(WireError) -> Double {
    Double(bitPattern: try read(UInt64.self, field))
  }

  mutating func readString(_ field: String) throws(WireError) -> String {
    let count = try read(UInt32.self, "the length of \(field)")
    let content = try take(Int(count), for: field)
    guard let text = String(validating: content, as: UTF8.self) else {
      throw WireError("\(field) is not valid UTF-8.")
    }
    return text
  }

  mutating func readStrings(_ field: String) throws(WireError) -> [String] {
    try readList(field, atLeast: 4) { (reader) throws(WireError) in try reader.readString("an element of \(field)") }
  }

  /// Reads a list whose elements take at least `size` bytes each, so that a false count is refused before it costs.
  mutating func readList<Value>(
    _ field: String, atLeast size: Int, _ element: (inout WireReader) throws(WireError) -> Value
  ) throws(WireError) -> [Value] {
    let count = Int(try read(UInt32.self, "the count of \(field)"))
    guard count <= remaining / size else {
      throw WireError("\(field) claims \(count) elements, more than the \(remaining) bytes left can hold.")
    }
    var values: [Value] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try element(&self)) }
    return values
  }

  mutating func readOptional<Value>(
    _ field: String, _ value: (inout WireReader) throws(WireError) -> Value
  ) throws(WireError) -> Value? {
    try readBool("the presence of \(field)") ? try value(&self) : nil
  }

  /// Refuses what is left over: a message that is longer than its meaning was made by another version.
  func finish() throws(WireError) {
    guard remaining == 0 else { throw WireError("\(remaining) bytes follow the end of the message.") }
  }
}
