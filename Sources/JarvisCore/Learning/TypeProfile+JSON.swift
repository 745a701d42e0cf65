import JarvisProtocol

extension TypeProfile {
  /// The form in which it is stored and exported: everything that was learned.
  public var json: JSON {
    var object = JSONObject()
    object.append("type", .string(type))
    object.append("total", .int(Int64(total)))
    func set(_ key: String, _ time: Timestamp?) { if let time { object.append(key, .string(time.description)) } }
    set("first_seen", firstSeen)
    set("last_seen", lastSeen)
    set("last_beside", lastBeside)
    set("changed_at", changedAt)
    if let change { object.append("change", change.json) }
    if sinceBeside > 0 { object.append("since_beside", .int(Int64(sinceBeside))) }
    set("faded_at", fadedAt)
    if let taught {
      var lesson = JSONObject()
      if let benefit = taught.benefit { lesson.append("parallel_benefit", .double(benefit)) }
      if let cpu = taught.cpu { lesson.append("cpu", .double(cpu)) }
      if let ram = taught.ram { lesson.append("ram", .double(ram)) }
      lesson.append("at", .string(taught.at.description))
      object.append("taught", .object(lesson))
    }
    object.append("prior", .array([.double(prior.sigma), .double(prior.sigmaSpread), .double(prior.kappaScale)]))
    object.append(
      "widths",
      .array(
        durations.records.map {
          .numbers([Float($0.index), $0.width, $0.weight, $0.spread, $0.mean, $0.variance, $0.ends, Float($0.idle)])
        }))
    object.append("detector", .numbers(detector.numbers))
    if let numbers = work.numbers { object.append("work", .numbers(numbers)) }
    func set(_ key: String, _ sketch: QuantileSketch) {
      if !sketch.centroids.isEmpty { object.append(key, .numbers(sketch.centroids.flatMap { [$0.value, $0.weight] })) }
    }
    set("duration", sketches.duration)
    set("cpu_seconds", sketches.cpuSeconds)
    set("cores", sketches.cores)
    set("memory", sketches.memory)
    set("io", sketches.io)
    func set(_ key: String, _ mean: RunningMean) {
      if mean.weight > 0 { object.append(key, .numbers([mean.mean, mean.weight])) }
    }
    set("computing", shares.computing)
    set("cpu_stall", shares.cpuStall)
    set("memory_stall", shares.memoryStall)
    set("io_stall", shares.ioStall)
    set("success", outcomes.success)
    if !outcomes.causes.isEmpty {
      object.append(
        "causes", .array(outcomes.causes.map { .array([.string($0.name), .double(Double($0.share))]) }))
    }
    set("cost", costs)
    set("tokens", tokens)
    return .object(object)
  }

  /// Reads what `json` wrote.
  /// - Parameters:
  ///   - json: the profile.
  ///   - place: where it stands, for errors.
  /// - Throws: which field is missing or wrong.
  public init(json: JSON, at place: String = "profile") throws(LearningFormatError) {
    let fields = try LearningReader(json, at: place)
    self.init(type: try fields.text("type", upTo: 128))
    total = Int(try fields.number("total", 0...1e15))
    firstSeen = try fields.optionalTime("first_seen")
    lastSeen = try fields.optionalTime("last_seen")
    lastBeside = try fields.optionalTime("last_beside")
    changedAt = try fields.optionalTime("changed_at")
    change = try fields.value("change").map { json throws(LearningFormatError) in
      try BehaviourChange(json: json, at: fields.path("change"))
    }
    sinceBeside = Int32(try fields.optionalNumber("since_beside", 0...2e9) ?? 0)
    fadedAt = try fields.optionalTime("faded_at")
    if let value = fields.value("taught") {
      let lesson = try LearningReader(value, at: fields.path("taught"))
      taught = Taught(
        benefit: try lesson.optionalNumber("parallel_benefit", 0...1), cpu: try lesson.optionalNumber("cpu", 0...1),
        ram: try lesson.optionalNumber("ram", 0...1), at: try lesson.time("at"))
    }
    if let numbers = try fields.optionalNumbers("prior", 0...2) {
      guard numbers.count == 3, numbers[1] >= 0.01, numbers[2] >= 0.001 else {
        throw LearningFormatError(
          fields.path("prior"), "must be [sigma, its spread (0.01 or more), the mean of kappa (0.001 or more)]")
      }
      prior = LawPrior(sigma: numbers[0], sigmaSpread: numbers[1], kappaScale: numbers[2])
    }
    durations = WidthStatistics(records: try Self.records(fields))
    if let sums = try fields.optionalNumbers("detector", 0...1000) {
      // What is odd in it begins anew, as an older Jarvis did with it.
      detector = ChangeDetector(numbers: sums) ?? ChangeDetector()
    }
    if let numbers = try fields.optionalNumbers("work", -100...1e9) {
      guard let read = WorkWatch(numbers: numbers) else {
        throw LearningFormatError(fields.path("work"), WorkWatch.form)
      }
      work = read
    }
    sketches.duration = try Self.sketch(fields, "duration")
    sketches.cpuSeconds = try Self.sketch(fields, "cpu_seconds")
    sketches.cores = try Self.sketch(fields, "cores")
    sketches.memory = try Self.sketch(fields, "memory")
    sketches.io = try Self.sketch(fields, "io")
    shares.computing = try Self.mean(fields, "computing")
    shares.cpuStall = try Self.mean(fields, "cpu_stall")
    shares.memoryStall = try Self.mean(fields, "memory_stall")
    shares.ioStall = try Self.mean(fields, "io_stall")
    outcomes = OutcomeTally(success: try Self.mean(fields, "success"), causes: try Self.causes(fields))
    costs = try Self.mean(fields, "cost")
    tokens = try Self.mean(fields, "tokens")
  }

  private static func records(_ fields: LearningReader) throws(LearningFormatError) -> [WidthRecord] {
    var records: [WidthRecord] = []
    for (i, element) in (try fields.optionalList("widths", upTo: 100) ?? []).enumerated() {
      let path = "\(fields.path("widths"))[\(i)]"
      let elements = element.arrayValue ?? []
      let numbers = elements.compactMap(\.doubleValue)
      // An older Jarvis wrote the first six or seven.
      guard (6...8).contains(numbers.count), numbers.count == elements.count,
        (0...Double(WidthStatistics.edges.count)).contains(numbers[0]),
        (1...1e6).contains(numbers[1]), (1...1e4).contains(numbers[2]), (1e-4...100).contains(numbers[3]),
        (-100...100).contains(numbers[4]), (0...1e4).contains(numbers[5]),
        numbers.count == 6 || (1...Double(WidthStatistics.mostEnds)).contains(numbers[6]),
        numbers.count < 8 || (0...65_535).contains(numbers[7])
      else {
        throw LearningFormatError(
          path,
          "must be [class, width, weight, spread, mean of ln(seconds), variance, ends a measurement, tasks since then]")
      }
      let index = UInt8(numbers[0])
      if let last = records.last, last.index >= index {
        throw LearningFormatError(path, "must have a higher class than the one before it")
      }
      records.append(
        WidthRecord(
          index: index, idle: numbers.count == 8 ? UInt16(numbers[7]) : 0,
          weight: min(Float(numbers[2]), WidthStatistics.memory), spread: Float(numbers[3]),
          width: Float(numbers[1]), mean: Float(numbers[4]), variance: Float(numbers[5]),
          ends: numbers.count >= 7 ? Float(numbers[6]) : 1))
    }
    return records
  }

  private static func sketch(_ fields: LearningReader, _ key: String) throws(LearningFormatError) -> QuantileSketch {
    let numbers = try fields.optionalNumbers(key, 0...1e18) ?? []
    guard numbers.count % 2 == 0, numbers.count <= 2 * QuantileSketch.capacity else {
      throw LearningFormatError(
        fields.path(key), "must be at most \(QuantileSketch.capacity) pairs of a value and its weight")
    }
    var centroids: [QuantileSketch.Centroid] = []
    for i in stride(from: 0, to: numbers.count, by: 2) {
      centroids.append(QuantileSketch.Centroid(value: Float(numbers[i]), weight: Float(numbers[i + 1])))
    }
    guard zip(centroids, centroids.dropFirst()).allSatisfy({ $0.value < $1.value }) else {
      throw LearningFormatError(fields.path(key), "must have its values in rising order")
    }
    return QuantileSketch(centroids: centroids)
  }

  private static func mean(_ fields: LearningReader, _ key: String) throws(LearningFormatError) -> RunningMean {
    guard let numbers = try fields.optionalNumbers(key, 0...1e18) else { return RunningMean() }
    guard numbers.count == 2 else { throw LearningFormatError(fields.path(key), "must be [mean, weight]") }
    return RunningMean(weight: min(Float(numbers[1]), RunningMean.memory), mean: Float(numbers[0]))
  }

  private static func causes(_ fields: LearningReader) throws(LearningFormatError) -> [OutcomeTally.Cause] {
    var causes: [OutcomeTally.Cause] = []
    for (i, element) in (try fields.optionalList("causes", upTo: OutcomeTally.capacity) ?? []).enumerated() {
      guard let pair = element.arrayValue, pair.count == 2, let name = pair[0].stringValue, name.utf8.count <= 48,
        let share = pair[1].doubleValue, (0...1).contains(share)
      else {
        throw LearningFormatError(
          "\(fields.path("causes"))[\(i)]", "must be [cause (at most 48 bytes), share (0 to 1)]")
      }
      causes.append(OutcomeTally.Cause(name: name, share: Float(share)))
    }
    return causes
  }
}

extension JSON {
  /// A list of numbers in the fewest digits that read back the same.
  static func numbers(_ numbers: [Float]) -> JSON {
    .array(numbers.map { .double(Double($0.description) ?? Double($0)) })
  }
}
