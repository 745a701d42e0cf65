import JarvisProtocol

extension Outcome {
  /// All figures, for programs. Shares are 0…1, times are seconds.
  public func json(withBatches: Bool = false) -> JSON {
    var object = JSONObject()
    object.append("strategy", .string(strategy.description))
    object.append("submitted", .int(Int64(submitted)))
    var ends = JSONObject()
    for state in TaskState.allCases where count(state) > 0 { ends.append(state.rawValue, .int(Int64(count(state)))) }
    object.append("ended", .object(ends))
    object.append("makespan", .double(makespan))
    var waiting = JSONObject()
    for priority in Priority.allCases {
      guard let waits = waits[priority] else { continue }
      waiting.append(
        priority.rawValue,
        [
          "tasks": .int(Int64(waits.count)), "p50": .double(waits.p50), "p95": .double(waits.p95),
          "max": .double(waits.max),
        ])
    }
    object.append("waits", .object(waiting))
    object.append("cpu", .double(cpu))
    object.append("cpu_of_agents", .double(cpuOfAgents))
    object.append("ram", .double(ram))
    object.append("ram_most", .double(ramMost))
    object.append("ram_danger_seconds", .double(ramDangerSeconds))
    object.append("cpu_danger_seconds", .double(cpuDangerSeconds))
    object.append("relieved", .int(Int64(relieved)))
    object.append("frozen", .int(Int64(frozen)))
    object.append("killed_by_kernel", .int(Int64(killedByKernel)))
    object.append("work", .double(work))
    object.append("delivered", .double(delivered))
    object.append("wasted", .double(wasted))
    object.append("steps", .int(Int64(steps)))
    object.append("unfinished", .bool(isUnfinished))
    if let turnaround = Waits(batches.map(\.seconds)) {
      object.append("batch_seconds", ["p50": .double(turnaround.p50), "p95": .double(turnaround.p95)])
    }
    if withBatches {
      object.append(
        "batches",
        .array(
          batches.map { batch in
            var span = JSONObject()
            span.append("source", .int(Int64(batch.source)))
            span.append("submitted", .double(batch.submitted))
            span.append("seconds", .double(batch.seconds))
            if let width = batch.width { span.append("width", .int(Int64(width))) }
            span.append("most_at_once", .int(Int64(batch.mostAtOnce)))
            return .object(span)
          }))
    }
    return .object(object)
  }
}
