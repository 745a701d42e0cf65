import Benchmark
import JarvisCore
import JarvisProtocol

private let start = Timestamp(milliseconds: 1_800_000_000_000)

/// A `task.spawn` request of `count` tasks as it comes over the socket.
private func request(_ count: Int) -> [UInt8] {
  let tasks = (0..<count).map { n in
    """
    {"name":"audit-\(n)","description":"look for SQL injection in the data layer","type":"security","priority":"high",\
    "command":["/usr/bin/grep","-rnE","execute\\\\(.*\\\\+","src/\(n)"],"limits":{"memory":"512M","time":"90s"}}
    """
  }
  let text =
    #"{"jsonrpc":"2.0","id":1,"method":"task.spawn","params":{"branch_id":"audit","strategy":"auto","tasks":["#
    + tasks.joined(separator: ",") + "]}}"
  return Array(text.utf8)
}

private func parsed(_ bytes: [UInt8]) -> JSON {
  do { return try JSON(parsing: bytes) } catch { fatalError("\(error)") }
}

/// A scheduler that has seen a calm machine, two agents at most, and `queued` waiting tasks of 100 sessions.
private func scheduler(queued: Int) -> SchedulerState {
  var policy = SchedulerPolicy()
  policy.maxAgents = 2
  var state = SchedulerState(policy: policy)
  state.observe(MachineState(at: start, cpu: 0.1, ram: 0.3, cores: 8, memoryTotal: 16 << 30, memoryFullPSI: nil))
  for n in 0..<queued {
    let batch = BatchEntry(id: BatchID(UInt64(n / 10 + 1)), session: SessionKey("s\(n / 10 % 100)"))
    _ = state.add(batch: batch, tasks: [TaskEntry(id: TaskID(UInt64(n)), sequence: UInt64(n), submittedAt: start)])
  }
  _ = Scheduler.decide(&state, now: start)
  return state
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(2))

  let one = request(1)
  let hundred = request(100)
  let hundredParsed = parsed(hundred)
  let params = hundredParsed["params"] ?? .null

  Benchmark("JSON: parse a request of 1 task (\(one.count) bytes)", configuration: .init(scalingFactor: .kilo)) {
    for _ in $0.scaledIterations { blackHole(parsed(one)) }
  }
  Benchmark("JSON: parse a request of 100 tasks (\(hundred.count) bytes)") { _ in blackHole(parsed(hundred)) }
  Benchmark("JSON: write a request of 100 tasks") { _ in blackHole(hundredParsed.bytes) }
  Benchmark("Wire: read a batch of 100 tasks into its type") { _ in
    do {
      blackHole(try TaskSpawn.Parameters.read(params, at: .root("params")))
    } catch {
      fatalError("\(error)")
    }
  }
  for queued in [0, 100_000] {
    Benchmark("Scheduler: add, decide, settle, decide, \(queued) queued", configuration: .init(scalingFactor: .kilo)) {
      benchmark in
      var state = scheduler(queued: queued)
      benchmark.startMeasurement()
      for n in benchmark.scaledIterations {
        let number = UInt64(1_000_000 + n)
        let entry = TaskEntry(id: TaskID(number), sequence: number, priority: .critical, submittedAt: start)
        _ = state.add(batch: BatchEntry(id: BatchID(number), session: "new"), tasks: [entry])
        blackHole(Scheduler.decide(&state, now: start))
        if let first = state.activeTasks.first { _ = state.settle(first, as: .succeeded) }
        blackHole(Scheduler.decide(&state, now: start))
      }
      benchmark.stopMeasurement()
    }
  }
}
