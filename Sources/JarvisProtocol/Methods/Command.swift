/// What to run: an argv, or a line for `/bin/sh -c`.
public enum Command: WireValue, Hashable {
  case argv([String])
  case shell(String)

  /// A list of strings, or one string.
  public static var schema: Schema {
    .oneOf([
      .list(of: .string(format: nil, maxLength: nil), minItems: 1, maxItems: nil), .string(format: nil, maxLength: nil),
    ])
  }
  /// `true`.
  public static var placeholder: Command { .argv(["true"]) }

  /// Reads an argv or a shell line.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Command {
    switch json {
    case .string(let line):
      guard line.contains(where: { !$0.isWhitespace }) else { throw WireError(path, "must not be empty") }
      return .shell(try String.read(json, at: path))
    case .array(let elements):
      let argv = try [String].read(.array(elements), at: path)
      guard let first = argv.first else { throw WireError(path, "must name a program: the list is empty") }
      guard !first.isEmpty else { throw WireError(.index(path, 0), "must name a program: it is empty") }
      return .argv(argv)
    default: throw WireError(path, "must be a list of strings (argv) or one string (a shell line), found \(json.kind)")
    }
  }

  /// The value as JSON.
  public var json: JSON {
    switch self {
    case .argv(let argv): argv.json
    case .shell(let line): .string(line)
    }
  }

  /// One line for people.
  public var text: String {
    switch self {
    case .argv(let argv): argv.map(Self.quoted).joined(separator: " ")
    case .shell(let line): line
    }
  }

  private static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy {
      ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || "-_./=:,@%+".utf8.contains($0)
    }
    if plain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
