/// Why bytes from the other side, or a value meant for it, were refused. The text is a sentence for people.
public struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, where in the message, and what was expected.
  public let description: String

  /// An error with the sentence given.
  public init(_ description: String) {
    self.description = description
  }
}
