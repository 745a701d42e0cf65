import JarvisProtocol
import Testing

@testable import JarvisSimulator

@Suite("Recorded traces")
struct TraceTests {
  static let head = #"{"trace":1,"machine":{"cores":4,"memory_bytes":8589934592,"cpu":0.1,"ram":0.2}}"#

  static func line(
    _ id: Int, batch: Int = 1, type: String = "x", from start: Double, to end: Double, state: String = "succeeded"
  ) -> String {
    let begin = Timestamp(milliseconds: 1_800_000_000_000)
    return #"{"id":"t\#(id)","batch_id":"b\#(batch)","session_id":"s","type":"\#(type)","priority":"medium","#
      + #""state":"\#(state)","submitted_at":"\#(begin)","started_at":"\#(begin + start)","ended_at":"\#(begin + end)","#
      + #""cpu_seconds":\#(end - start),"peak_memory_bytes":1000000}"#
  }

  private func read(_ lines: [String]) throws(TraceError) -> Trace { try Trace(lines: lines.map { Array($0.utf8) }) }

  @Test("a recorded day comes out as long as it was, run as it was run")
  func replay() throws {
    // Forty tasks of ten seconds, one after the other, then two at a time that take twice as long each.
    var lines = [Self.head]
    for n in 0..<40 { lines.append(Self.line(n + 1, from: Double(n) * 10, to: Double(n) * 10 + 10)) }
    for n in 0..<40 {
      let start = 400 + Double(n / 2) * 20
      lines.append(Self.line(n + 41, from: start, to: start + 20))
    }
    let workload = Workload(trace: try read(lines))
    #expect(workload.taskCount == 80)
    #expect(workload.machine.cores == 4)
    // Whoever takes twice as long beside one other gains nothing: σ is about 1.
    #expect(workload.types[0].sigma > 0.8)
    let result = outcome(workload, .fixed(1))
    #expect(abs(result.makespan - 800) < 80)
  }

  @Test("what isn't a trace is refused with its line")
  func refusals() {
    func problem(_ lines: [String]) -> String? {
      do throws(TraceError) {
        _ = try read(lines)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(problem([])?.contains("the trace is empty") == true)
    #expect(problem(["{"])?.hasPrefix("line 1: this is not JSON") == true)
    #expect(problem(["{}"])?.hasPrefix("line 1: this is no trace") == true)
    #expect(problem([Self.head])?.contains("no task") == true)
    #expect(problem([Self.head, #"{"state":"done"}"#])?.hasPrefix("line 2: state must be one of") == true)
    #expect(problem([Self.head, Self.line(1, from: 5, to: 1)])?.contains("must follow each other") == true)
    #expect(problem([Self.head, Self.line(1, from: 1, to: 5)]) == nil)
  }

  @Test("tasks that never ran are left out and counted")
  func skipped() throws {
    let trace = try read([
      Self.head, Self.line(1, from: 0, to: 1),
      #"{"state":"cancelled","submitted_at":"2027-01-15T08:00:00Z"}"#, "",
    ])
    #expect(trace.skipped == 1)
  }
}
