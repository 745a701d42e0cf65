/// `task.why`
public enum TaskWhy: Method {
  /// As on the wire.
  public static let name = "task.why"
  /// What it does.
  public static let summary = "Says why a task is where it is, in a sentence and in numbers."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1"]
  /// What it takes.
  public typealias Parameters = TaskReference

  /// The reason.
  public struct Result: WireObject, Hashable {
    /// The task's id.
    public var id: TaskID
    /// Where it is.
    public var state: TaskState
    /// Why, in a sentence.
    public var reason: String
    /// The rule that decided, in a word.
    public var kind: String
    /// The figures that the rule compared; shares are 0 to 1.
    public var numbers: [String: Double]

    /// A reason.
    public init(id: TaskID, state: TaskState, reason: String, kind: String, numbers: [String: Double]) {
      self.id = id
      self.state = state
      self.reason = reason
      self.kind = kind
      self.numbers = numbers
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task's id")
      state = try fields.required("state", "where it is")
      reason = try fields.required("reason", "why, in a sentence")
      kind = try fields.required("kind", "the rule that decided, in a word")
      numbers = try fields.required("numbers", "the figures that the rule compared; shares are 0 to 1")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("state", state)
      fields.set("reason", reason)
      fields.set("kind", kind)
      fields.set("numbers", numbers)
    }
  }
}
