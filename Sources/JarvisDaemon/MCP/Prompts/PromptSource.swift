import JarvisProtocol

/// A prompt that a person may choose (in Claude Code a slash command).
public struct PromptTemplate: Sendable, Hashable {
  /// A value that is asked for.
  public struct Argument: Sendable, Hashable {
    /// As the client names it.
    public var name: String
    /// What it is, in a sentence.
    public var description: String
    /// Whether it must be given.
    public var isRequired: Bool
    /// Values to offer; empty where any will do.
    public var choices: [String]

    /// An argument.
    public init(name: String, description: String, isRequired: Bool, choices: [String] = []) {
      self.name = name
      self.description = description
      self.isRequired = isRequired
      self.choices = choices
    }
  }

  /// Unique among the prompts.
  public var name: String
  /// What it does, in a sentence.
  public var description: String
  /// What it asks for.
  public var arguments: [Argument]

  /// A prompt.
  public init(name: String, description: String, arguments: [Argument]) {
    self.name = name
    self.description = description
    self.arguments = arguments
  }
}

/// Where prompts come from.
public protocol PromptSource: Sendable {
  /// All prompts, by name.
  func all() -> [PromptTemplate]
  /// What a prompt says with these arguments, whose names and presence are checked already.
  /// - Throws: `invalidParams` for a value that can't be.
  func text(_ name: String, _ arguments: [String: String]) throws(RPC.Failure) -> String
  /// Somebody has read the list and wants to know of changes: from now on each is an event of the kind `daemon`.
  func follow() async
}

extension PromptSource {
  /// A list that never changes.
  public func follow() async {}
}
