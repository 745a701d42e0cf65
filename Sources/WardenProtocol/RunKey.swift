/// The name of one attempt to run a task, such as `t42` (the first attempt) or `t42-2` (the second). It is the name
/// of the agent's cgroup too, so it is never used twice.
public struct RunKey: Hashable, Sendable, CustomStringConvertible {
  /// The name: 1 to 64 of `a`–`z`, `0`–`9` and `-`, not beginning with `-`.
  public let name: String

  /// The key with this name, or nil when the name is not one.
  public init?(_ name: String) {
    let bytes = name.utf8
    guard (1...64).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
      bytes.allSatisfy({ byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
      })
    else { return nil }
    self.name = name
  }

  /// The name.
  public var description: String { name }
}

extension RunKey {
  func encode(into writer: inout WireWriter) {
    writer.write(name)
  }

  init(from reader: inout WireReader) throws(WireError) {
    let name = try reader.readString("the run key")
    guard let key = RunKey(name) else {
      throw WireError("\"\(name)\" is not a run key: 1 to 64 of a-z, 0-9 and -, not beginning with -.")
    }
    self = key
  }
}
