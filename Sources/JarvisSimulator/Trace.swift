import JarvisCore
import JarvisProtocol

/// Why a recorded trace can't be replayed.
public struct TraceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// 1 or more; nil when it concerns the whole file.
  public var line: Int?
  /// What is wrong, and what was expected.
  public var message: String

  /// Both.
  public var description: String { line.map { "line \($0): \(message)" } ?? message }
}

/// What a daemon remembers of its machine and its tasks: a JSON object a line, the machine first, then each task.
/// `jarvisctl simulate --export-trace` writes it.
public struct Trace: Sendable, Equatable {
  /// More tasks are refused.
  public static let mostTasks = 2_000_000

  /// One task that ran.
  struct Record: Sendable, Equatable {
    var batch: String
    var session: String
    var type: String
    var priority: Priority
    var state: TaskState
    var submitted: Timestamp, started: Timestamp, ended: Timestamp
    var cpuSeconds: Double?
    var peakMemory: Double?

    var seconds: Double { max(0.001, ended - started) }
  }

  /// The machine that it was recorded on.
  public let machine: SimulatedMachine
  /// How many lines were of tasks that never ran.
  public private(set) var skipped = 0
  private(set) var records: [Record] = []

  /// Reads the lines of a trace.
  /// - Throws: the first line that is wrong.
  public init(lines: some Sequence<some Collection<UInt8>>) throws(TraceError) {
    var machine: SimulatedMachine?
    var number = 0
    for line in lines {
      number += 1
      if line.isEmpty { continue }
      let json: JSON
      do throws(JSONError) { json = try JSON(parsing: line) } catch {
        throw TraceError(line: number, message: "this is not JSON: \(error.message)")
      }
      let fields = Fields(json: json, line: number)
      if machine == nil {
        machine = try Self.machine(fields)
      } else if let record = try Self.record(fields) {
        guard records.count < Self.mostTasks else {
          throw TraceError(line: number, message: "there are more than \(Self.mostTasks) tasks; export fewer")
        }
        records.append(record)
      } else {
        skipped += 1
      }
    }
    guard let machine else {
      throw TraceError(message: "the trace is empty; expected {\"trace\": 1, \"machine\": …} on its first line")
    }
    guard !records.isEmpty else { throw TraceError(message: "no task of the trace ever ran: nothing can be replayed") }
    self.machine = machine
  }

  private static func machine(_ fields: Fields) throws(TraceError) -> SimulatedMachine {
    guard fields.json["trace"]?.intValue == 1, let inner = fields.json["machine"] else {
      throw TraceError(
        line: fields.line,
        message: "this is no trace of `jarvisctl simulate --export-trace`; expected {\"trace\": 1, \"machine\": …}")
    }
    let machine = Fields(json: inner, line: fields.line)
    var result = SimulatedMachine(
      cores: try machine.number("cores", 0.01...1e5), memory: try machine.number("memory_bytes", 1e6...1e18))
    result.backgroundCPU = try machine.optional("cpu", 0...1) ?? 0
    result.backgroundRAM = try machine.optional("ram", 0...1) ?? 0
    return result
  }

  private static func record(_ fields: Fields) throws(TraceError) -> Record? {
    let state: TaskState = try fields.word("state")
    let submitted = try fields.time("submitted_at")
    guard state.isTerminal, fields.json["started_at"] != nil, fields.json["ended_at"] != nil else { return nil }
    let (started, ended) = (try fields.time("started_at"), try fields.time("ended_at"))
    guard submitted <= started, started <= ended else {
      throw TraceError(line: fields.line, message: "submitted_at, started_at and ended_at must follow each other")
    }
    return Record(
      batch: try fields.text("batch_id"), session: try fields.text("session_id"), type: try fields.text("type"),
      priority: try fields.word("priority"), state: state, submitted: submitted, started: started, ended: ended,
      cpuSeconds: try fields.optional("cpu_seconds", 0...1e12),
      peakMemory: try fields.optional("peak_memory_bytes", 0...1e18))
  }
}

/// The fields of one line.
private struct Fields {
  let json: JSON
  let line: Int

  func text(_ key: String) throws(TraceError) -> String {
    guard let text = json[key]?.stringValue, (1...1024).contains(text.utf8.count) else {
      throw TraceError(line: line, message: "\(key) must be a text of 1 to 1024 bytes")
    }
    return text
  }

  func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String) throws(TraceError) -> Word {
    guard let word = json[key]?.stringValue.flatMap(Word.init) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw TraceError(line: line, message: "\(key) must be one of \(known)")
    }
    return word
  }

  func time(_ key: String) throws(TraceError) -> Timestamp {
    guard let time = json[key]?.stringValue.flatMap(Timestamp.init(rfc3339:)) else {
      throw TraceError(line: line, message: "\(key) must be a time such as \"2026-11-24T07:00:27.123Z\"")
    }
    return time
  }

  func optional(_ key: String, _ range: ClosedRange<Double>) throws(TraceError) -> Double? {
    guard let value = json[key] else { return nil }
    guard let number = value.doubleValue, range.contains(number) else {
      throw TraceError(line: line, message: "\(key) must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func number(_ key: String, _ range: ClosedRange<Double>) throws(TraceError) -> Double {
    guard let number = try optional(key, range) else { throw TraceError(line: line, message: "\(key) is missing") }
    return number
  }
}
