import JarvisCore
import JarvisProtocol

extension Workload {
  /// What was recorded, to be run again.
  ///
  /// A recorded duration is one beside others. The learner's law of each type is fitted to all of its durations and
  /// widths, and says how long each task would have taken alone; the same law then slows it down in the simulation.
  /// Arrivals, sessions, priorities, peaks of memory and failures are as recorded; dependencies are not known.
  ///
  /// - Parameter machine: the machine to run on; nil for the recorded one.
  public init(trace: Trace, machine: SimulatedMachine? = nil) {
    let records = trace.records
    let machine = machine ?? trace.machine
    var names: [String] = []
    var numbers: [String: Int] = [:]
    for record in records where numbers[record.type] == nil {
      numbers[record.type] = names.count
      names.append(record.type)
    }
    let kinds = records.map { numbers[$0.type] ?? 0 }
    let (profiles, widths) = Self.learn(records, kinds, names)
    let laws = profiles.map { $0.law().law }
    let works = records.indices.map { records[$0].seconds / laws[kinds[$0]].slowdown(widths[$0]) }
    var processor = [Double](repeating: 0, count: names.count)
    var alone = processor
    for (index, record) in records.enumerated() {
      processor[kinds[index]] += record.cpuSeconds ?? 0
      alone[kinds[index]] += works[index]
    }
    let types = names.indices.map { index in
      var type = SimulatedType(name: names[index], seconds: 1)
      (type.sigma, type.kappa) = (laws[index].sigma, laws[index].kappa)
      type.cpu = alone[index] > 0 ? min(machine.cores, processor[index] / alone[index]) : 0
      return type
    }
    self.init(
      machine: machine, types: types, sources: ["trace"], batches: Self.batches(records, kinds, works))
  }

  private static func batches(_ records: [Trace.Record], _ kinds: [Int], _ works: [Double]) -> [SimulatedBatch] {
    let begin = records.map(\.submitted).min() ?? Timestamp(milliseconds: 0)
    var batches: [SimulatedBatch] = []
    // Retries and later additions come at times of their own: a batch is what was submitted together.
    var places: [String: Int] = [:]
    for index in records.indices.sorted(by: { records[$0].submitted < records[$1].submitted }) {
      let record = records[index]
      let key = "\(record.batch)@\(record.submitted.milliseconds)"
      let place = places[key] ?? batches.count
      if place == batches.count {
        places[key] = place
        batches.append(
          SimulatedBatch(source: 0, session: record.session, at: record.submitted - begin, follows: nil, tasks: []))
      }
      let fails = record.state != .succeeded
      batches[place].tasks.append(
        SimulatedTask(
          type: kinds[index], work: max(0.001, works[index]), peak: record.peakMemory ?? 0, fails: fails,
          priority: record.priority))
    }
    return batches
  }

  /// What the learner makes of the recorded tasks, told in the order in which they began and ended; and how many of its
  /// type ran on average while each did.
  private static func learn(
    _ records: [Trace.Record], _ kinds: [Int], _ names: [String]
  ) -> (profiles: [TypeProfile], widths: [Double]) {
    var events: [(time: Timestamp, isStart: Bool, record: Int)] = []
    events.reserveCapacity(2 * records.count)
    for (index, record) in records.enumerated() {
      events.append((record.started, true, index))
      // Even the shortest ran for a moment.
      events.append((max(record.ended, record.started + 0.001), false, index))
    }
    // Who ends when another begins was not beside it.
    events.sort { a, b in
      a.time != b.time ? a.time < b.time : a.isStart != b.isStart ? b.isStart : a.record < b.record
    }
    var meter = WidthMeter()
    var profiles = names.map { TypeProfile(type: $0) }
    var widths = [Double](repeating: 1, count: records.count)
    for event in events {
      let record = records[event.record]
      let id = TaskID(UInt64(event.record) + 1)
      guard !event.isStart else {
        meter.begin(id, type: record.type, at: event.time)
        continue
      }
      let reading = meter.end(id, at: event.time, succeeded: record.state == .succeeded)
      widths[event.record] = reading?.width ?? 1
      var observation = Observation(
        type: record.type, width: widths[event.record], durationSeconds: record.seconds,
        cpuSeconds: record.cpuSeconds, peakMemoryBytes: record.peakMemory, outcome: record.state, at: event.time)
      observation.measure = reading?.wave.map { .wave($0) } ?? .nothing
      profiles[kinds[event.record]].observe(observation)
    }
    return (profiles, widths)
  }
}
