/// One thing that is wrong with a file, worded for people: what was found, and what is allowed.
public struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
  /// Whether the file can be used in spite of it.
  public enum Severity: String, Sendable {
    case error, warning
  }

  /// Whether the file can be used in spite of it.
  public var severity: Severity
  /// The file as it was opened.
  public var file: String
  /// 1 or more; nil when it concerns the whole file.
  public var line: Int?
  /// 1 or more, in characters.
  public var column: Int?
  /// The key with its sections, `zones.cpu_safe` or `tasks[0].name`.
  public var keyPath: String?
  /// A sentence.
  public var message: String

  /// Makes a diagnostic.
  public init(
    _ severity: Severity = .error, file: String, line: Int? = nil, column: Int? = nil, keyPath: String? = nil,
    message: String
  ) {
    self.severity = severity
    self.file = file
    self.line = line
    self.column = column
    self.keyPath = keyPath
    self.message = message
  }

  /// `FILE:LINE:COLUMN: error: KEY: MESSAGE`
  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if line != nil, let column { place += ":\(column)" }
    return "\(place): \(severity.rawValue): \(keyPath.map { "\($0): " } ?? "")\(message)"
  }
}

/// A file could not be used. Nothing of it is in force.
public struct ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Every problem that was found, in the order of the file; at least one is an error.
  public let diagnostics: [Diagnostic]

  /// Wraps the problems of a file.
  public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  /// One line for each problem.
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
