import Glibc
import JarvisClient
import JarvisProtocol

/// Writes the daemon's machine and history as a trace: a JSON object a line, the machine first, then each task that ran,
/// newest first. No commands, descriptions or folders get into it.
struct TraceExport {
  private let client: Client

  init(_ client: Client) { self.client = client }

  /// Writes the file anew. Returns how many tasks it holds.
  func write(to path: String) throws -> Int {
    guard let stream = fopen(path, "we") else {
      throw Failure(status: 1, message: "\(path): can't be written: \(systemMessage(errno))")
    }
    var isOpen = true
    defer { if isOpen { fclose(stream) } }
    func line(_ json: JSON) throws {
      let bytes = Array((json.text + "\n").utf8)
      guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else {
        throw Failure(status: 1, message: "\(path): can't be written: \(systemMessage(errno))")
      }
    }
    let machine = try client.call(StatsGet.self, StatsGet.Parameters(limit: 0)).resources
    // What runs now is mostly not Jarvis's only when nothing of it does; as the background it is the best there is.
    try line([
      "trace": 1,
      "machine": [
        "cores": .double(machine.cores), "memory_bytes": .int(Int64(machine.memoryTotalBytes)),
        "cpu": .double(min(1, max(0, machine.cpu))), "ram": .double(min(1, max(0, machine.ram))),
      ],
    ])
    var filter = TaskList.Parameters()
    filter.states = TaskState.allCases.filter(\.isTerminal)
    filter.limit = 1000
    var count = 0
    repeat {
      let page = try client.call(TaskList.self, filter)
      for task in page.tasks where task.startedAt != nil && task.endedAt != nil {
        try line(Self.json(task))
        count += 1
      }
      filter.cursor = page.nextCursor
    } while filter.cursor != nil
    isOpen = false
    guard fclose(stream) == 0 else {
      throw Failure(status: 1, message: "\(path): can't be written: \(systemMessage(errno))")
    }
    return count
  }

  private static func json(_ task: TaskView) -> JSON {
    var object = JSONObject()
    object.append("id", .string(task.id.description))
    object.append("batch_id", .string(task.batchID.description))
    object.append("session_id", .string(task.sessionID))
    object.append("type", .string(task.type))
    object.append("priority", .string(task.priority.rawValue))
    object.append("state", .string(task.state.rawValue))
    object.append("submitted_at", .string(task.submittedAt.description))
    if let time = task.startedAt { object.append("started_at", .string(time.description)) }
    if let time = task.endedAt { object.append("ended_at", .string(time.description)) }
    if let seconds = task.usage.cpuSeconds { object.append("cpu_seconds", .double(seconds)) }
    if let bytes = task.usage.peakMemoryBytes { object.append("peak_memory_bytes", .int(Int64(bytes))) }
    return .object(object)
  }
}
