/// `daemon.doctor`
public enum DaemonDoctor: Method {
  /// As on the wire.
  public static let name = "daemon.doctor"
  /// What it does.
  public static let summary = "What was found on this machine, what is missing, and how to mend it."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty

  /// The findings.
  public struct Result: WireObject, Hashable {
    /// One a subject.
    public var checks: [Check]

    /// Checks.
    public init(checks: [Check]) { self.checks = checks }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      checks = try fields.required("checks", "one a subject")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("checks", checks) }
  }

  /// How one check came out.
  public enum Status: String, WireEnum {
    case ok, warning, problem
  }

  /// One check.
  public struct Check: WireObject, Hashable {
    /// What was looked at.
    public var subject: String
    /// Ok; warning: works with less; problem: something does not work.
    public var status: Status
    /// What was found.
    public var found: String
    /// How to mend it.
    public var advice: String?

    /// A check.
    public init(subject: String, status: Status, found: String, advice: String? = nil) {
      self.subject = subject
      self.status = status
      self.found = found
      self.advice = advice
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      subject = try fields.required("subject", "what was looked at")
      status = try fields.required("status", "ok; warning: works with less; problem: something does not work")
      found = try fields.required("found", "what was found")
      advice = try fields.optional("advice", "how to mend it")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("subject", subject)
      fields.set("status", status)
      fields.set("found", found)
      fields.set("advice", advice)
    }
  }
}
