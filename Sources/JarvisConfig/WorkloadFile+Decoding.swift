extension WorkloadFile {
  init(document: TOMLDocument) throws(ConfigError) {
    let problems = TableReader.Problems(document)
    var reader = TableReader(problems)
    name = document.stem
    reader.string("name", into: &name, problem: badName)
    reader.string("description", into: &description)
    reader.integer("seed", into: &seed, in: 0...Int.max)
    reader.strings("strategies", into: &strategies, problem: Self.badStrategy)
    reader.section("machine") { machine.read(&$0) }
    reader.sections("server") { section in
      var server = Server()
      section.ownName(into: &server.name, servers.map(\.name))
      section.required("rate")
      section.number("rate", into: &server.rate, in: 1e-6...1e9)
      servers.append(server)
    }
    reader.sections("type") { section in
      var type = TaskType()
      section.ownName(into: &type.name, types.map(\.name))
      type.read(&section, servers: servers.map(\.name))
      types.append(type)
    }
    if types.isEmpty { reader.add("there is none; expected [[type]] before each type of task", at: "type") }
    reader.sections("source") { section in
      var source = Source()
      section.ownName(into: &source.name, sources.map(\.name))
      source.read(&section, types: types.map(\.name))
      sources.append(source)
    }
    if sources.isEmpty { reader.add("there is none; expected [[source]] before each source of tasks", at: "source") }
    config.readScheduling(&reader)
    reader.finish()
    let tasks = sources.reduce(0.0) { $0 + Double($1.batches) * Double($1.tasks + ($1.reduce == nil ? 0 : 1)) }
    if tasks > Double(Self.mostTasks) {
      reader.add("all sources together make \(Int(tasks)) tasks; \(Self.mostTasks) are the most", at: "source")
    }
    try problems.throwIfAny()
  }

  private static func badStrategy(_ text: String) -> String? {
    let words = text.split(separator: " ")
    if words.count == 1, ["sequential", "parallel", "auto", "adaptive"].contains(words[0]) { return nil }
    if words.count == 2, words[0] == "fixed" || words[0] == "width", let number = Int(words[1]),
      (1...10_000).contains(number)
    {
      return nil
    }
    return
      "found \"\(text)\"; expected \"fixed 5\" (any number), \"width 5\", \"sequential\", \"parallel\", \"auto\" or "
      + "\"adaptive\""
  }
}

extension WorkloadFile.Machine {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.number("cores", into: &cores, in: 0.1...65_536)
    reader.size("memory", into: &memory, in: (1 << 20)...Config.largestSize)
    reader.number("background_cpu", into: &backgroundCPU, in: 0...1)
    reader.number("background_ram", into: &backgroundRAM, in: 0...1)
    reader.number("thrashes_from", into: &thrashesFrom, in: 0...1)
    reader.duration("sample", into: &sample, in: 0.1...60)
  }
}

extension WorkloadFile.TaskType {
  fileprivate mutating func read(_ reader: inout TableReader, servers: [String]) {
    reader.required("seconds")
    reader.duration("seconds", into: &seconds, in: 0.001...Config.longest)
    reader.number("spread", into: &spread, in: 0...3)
    reader.number("cpu", into: &cpu, in: 0...65_536)
    reader.number("sigma", into: &sigma, in: 0...1.3)
    reader.number("kappa", into: &kappa, in: 0...1)
    reader.size("memory", into: &memory, in: 0...Config.largestSize)
    reader.number("memory_spread", into: &memorySpread, in: 0...3)
    reader.number("ramp", into: &ramp, in: 0...1)
    reader.place("server", into: &server, among: servers, what: "[[server]]")
    reader.number("requests", into: &requests, in: 1e-6...1e9)
    reader.number("failures", into: &failures, in: 0...1)
    reader.number("runaways", into: &runaways, in: 0...1)
    reader.number("runaway_factor", into: &runawayFactor, in: 1...10_000)
    reader.number("declared_cpu", into: &declaredCPU, in: 0...65_536)
    reader.size("declared_memory", into: &declaredMemory, in: 0...Config.largestSize)
    // 0 is a benefit like any other, not "none".
    if reader.has("taught_benefit") {
      var benefit = 0.0
      reader.number("taught_benefit", into: &benefit, in: 0...1)
      taughtBenefit = benefit
    }
  }
}

extension WorkloadFile.Source {
  fileprivate mutating func read(_ reader: inout TableReader, types known: [String]) {
    reader.required("types")
    var names: [String] = []
    reader.strings("types", into: &names) { $0.isUnknown(among: known, what: "[[type]]") }
    types = names.compactMap { known.firstIndex(of: $0) }
    if reader.has("types"), names.isEmpty { reader.add("expected at least one type", at: "types") }
    reader.place("reduce", into: &reduce, among: known, what: "[[type]]")
    reader.integer("batches", into: &batches, in: 1...WorkloadFile.mostTasks)
    reader.integer("tasks", into: &tasks, in: 1...100_000)
    reader.integer("sessions", into: &sessions, in: 1...100_000)
    reader.choice("priority", into: &priority)
    reader.choice("arrivals", into: &arrivals)
    reader.duration("from", into: &from, in: 0...30 * 86_400)
    until = from
    reader.duration("until", into: &until, in: 0...30 * 86_400)
    reader.duration("pause", into: &pause, in: 0...86_400)
    if until < from {
      reader.add("until is \(DurationText.format(until)), before from (\(DurationText.format(from)))", at: "until")
    }
  }
}

extension String {
  /// What is wrong with a name that must be one of `known`, which `what` defines.
  fileprivate func isUnknown(among known: [String], what: String) -> String? {
    if known.contains(self) { return nil }
    let near = suggestion(for: self, among: known).map { "did you mean \"\($0)\"?" }
    return "\"\(self)\" is no \(what) above; \(near ?? "known: \(known.joined(separator: ", "))")"
  }
}

extension TableReader {
  /// The `name` of one of a list of tables, which must differ from those `before`.
  fileprivate mutating func ownName(into target: inout String, _ before: [String]) {
    required("name")
    string("name", into: &target) { name in
      badTypeName(name) ?? (before.contains(name) ? "there is a \"\(name)\" already; names must differ" : nil)
    }
  }

  /// A name that another list of tables defines, as its place there.
  fileprivate mutating func place(_ key: String, into target: inout Int?, among known: [String], what: String) {
    var name: String?
    string(key, into: &name) { $0.isUnknown(among: known, what: what) }
    target = name.flatMap { known.firstIndex(of: $0) }
  }
}

/// Types have names such as `command:git:status`.
private func badTypeName(_ name: String) -> String? {
  let isPlain = name.unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 127 }
  return isPlain && (1...128).contains(name.utf8.count)
    ? nil : "\"\(name.prefix(80))\" is no name; expected 1 to 128 bytes without blanks and control characters"
}
