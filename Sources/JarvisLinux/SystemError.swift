import Glibc

/// A system call that failed, as a sentence: what was tried, on what, and what the kernel said.
public struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was tried, as a verb phrase: `open`, `create the folder`.
  public let operation: String
  /// The file or object that it was tried on.
  public let subject: String
  /// The error number (errno(3)).
  public let code: Int32
  /// What the reader can do about it; empty when there is nothing particular.
  public let advice: String

  /// Wraps an error number.
  public init(_ operation: String, _ subject: String, code: Int32 = errno, advice: String = "") {
    self.operation = operation
    self.subject = subject
    self.code = code
    self.advice = advice
  }

  /// A sentence for people.
  public var description: String {
    let reason = String(cString: strerror(code))
    return "cannot \(operation) \(subject): \(reason)" + (advice.isEmpty ? "" : "; \(advice)")
  }
}

/// Runs a system call again while a signal interrupts it (EINTR).
func retryingInterrupts<T: SignedInteger>(_ call: () -> T) -> T {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
