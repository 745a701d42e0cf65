extension Config.Limits {
  mutating func read(_ reader: inout TableReader) {
    reader.amount("memory", into: &memory, in: (1 << 20)...Config.largestSize)
    reader.number("cpu", into: &cpu, in: 0.001...10_000)
    reader.count("pids", into: &pids, in: 1...4_194_304)
    reader.integer("io_weight", into: &ioWeight, in: 1...10_000)
    reader.duration("time", into: &time, in: 0.1...Config.longest)
    reader.amount("output", into: &output, in: 4096...Config.largestSize)
    reader.duration("silence", into: &silence, in: 1...Config.longest)
    reader.duration("grace", into: &grace, in: 0...3600)
    reader.section("session") { session.read(&$0) }
    reader.section("jarvis") { jarvis.read(&$0) }
    reader.section("types") { reader in
      for name in reader.ownKeys {
        reader.section(name) { reader in
          var limits = Config.TypeLimits()
          limits.read(&reader)
          types[name] = limits
        }
      }
    }
  }
}

extension Config.Totals {
  mutating func read(_ reader: inout TableReader) {
    reader.amount("memory", into: &memory, in: (1 << 20)...Config.largestSize)
    reader.number("cpu", into: &cpu, in: 0.01...10_000)
    reader.count("pids", into: &pids, in: 1...4_194_304)
  }
}

extension Config.TypeLimits {
  mutating func read(_ reader: inout TableReader) {
    reader.size("memory", into: &memory, in: (1 << 20)...Config.largestSize)
    reader.number("cpu", into: &cpu, in: 0.001...10_000)
    reader.integer("pids", into: &pids, in: 1...4_194_304)
    reader.integer("io_weight", into: &ioWeight, in: 1...10_000)
    reader.duration("time", into: &time, in: 0.1...Config.longest)
    reader.size("output", into: &output, in: 4096...Config.largestSize)
    reader.duration("silence", into: &silence, in: 1...Config.longest)
  }
}

extension Config.Overseer {
  mutating func read(_ reader: inout TableReader) {
    reader.number("alert_at", into: &alertAt, in: 0.1...1)
    reader.number("throttle_at", into: &throttleAt, in: 0.1...1)
    reader.number("kill_at", into: &killAt, in: 1...10)
    reader.duration("memory_grace", into: &memoryGrace, in: 0...3600)
    reader.duration("throttled_for", into: &throttledFor, in: 1...86_400)
    reader.duration("cpu_kill_after", into: &cpuKillAfter, in: 1...Config.longest)
    reader.boolean("raise_limit", into: &raiseLimit)
    reader.section("machine") { machine.read(&$0) }
  }
}

extension Config.Machine {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.duration("pause", into: &pause, in: 0...3600)
    reader.number("severe_available", into: &severeAvailable, in: 0...1)
    reader.number("severe_pressure", into: &severePressure, in: 0...1)
    reader.duration("severe_pressure_for", into: &severePressureFor, in: 0...86_400)
    reader.number("falling_available", into: &fallingAvailable, in: 0...1)
    reader.number("io_pressure", into: &ioPressure, in: 0...1)
    reader.duration("io_pressure_for", into: &ioPressureFor, in: 0...86_400)
    reader.number("cpu_pressure", into: &cpuPressure, in: 0...1)
    reader.duration("cpu_pressure_for", into: &cpuPressureFor, in: 0...86_400)
    reader.duration("longest_hold", into: &longestHold, in: 1...86_400)
  }
}

extension Config.Alerts {
  mutating func read(_ reader: inout TableReader) {
    reader.strings("command", into: &command)
    if let program = command.first, !program.hasPrefix("/") {
      reader.add("\"\(program)\" is no absolute path; the daemon's PATH is not yours", at: "command[0]")
    }
    reader.boolean("desktop", into: &desktop)
    reader.duration("every", into: &every, in: 0...86_400)
  }
}
