import JarvisProtocol

/// What one finished attempt showed.
public struct ObservationRow: Sendable, Hashable {
  /// Given by the daemon, rising; never reused.
  public var id: Int64
  /// The task's type.
  public var type: String
  /// When the attempt ended.
  public var at: Timestamp
  /// JSON that only the daemon reads.
  public var json: String

  /// Every column.
  public init(id: Int64, type: String, at: Timestamp, json: String) {
    self.id = id
    self.type = type
    self.at = at
    self.json = json
  }
}

/// What is known of a task type.
public struct ProfileRow: Sendable, Hashable {
  /// The type.
  public var type: String
  /// When it was last used.
  public var at: Timestamp
  /// JSON that only the daemon reads.
  public var json: String

  /// Every column.
  public init(type: String, at: Timestamp, json: String) {
    self.type = type
    self.at = at
    self.json = json
  }
}
