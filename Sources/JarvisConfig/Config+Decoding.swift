extension Config {
  /// Largest size that is taken: 1 PiB. Far above any machine, far below what overflows in sums.
  static let largestSize = 1 << 50
  /// Longest duration that is taken: 100 years.
  static let longest: Double = 36_525 * 86_400

  /// Reads a whole file over the defaults.
  init(document: TOMLDocument) throws(ConfigError) {
    self.init()
    let problems = TableReader.Problems(document)
    var reader = TableReader(problems)
    reader.section("daemon") { daemon.read(&$0) }
    reader.section("monitor") { monitor.read(&$0) }
    readScheduling(&reader)
    reader.section("limits") { limits.read(&$0) }
    reader.section("alerts") { alerts.read(&$0) }
    reader.section("agents") { agents.read(&$0) }
    reader.section("budgets") { budgets.read(&$0) }
    reader.section("server") { server.read(&$0) }
    reader.section("learning") { learning.read(&$0) }
    reader.section("store") { store.read(&$0) }
    reader.section("hive") { hive.read(&$0) }
    reader.section("warden") { warden.read(&$0) }
    reader.finish()
    try problems.throwIfAny()
  }

  /// The sections that decide what runs when: also those of a workload to be simulated.
  mutating func readScheduling(_ reader: inout TableReader) {
    reader.section("zones") { zones.read(&$0) }
    reader.section("scheduler") { scheduler.read(&$0) }
    reader.section("overseer") { overseer.read(&$0) }
  }
}

/// The daemon's folder is not the user's: a relative path would mean something else than its writer thinks.
func notAbsolute(_ path: String) -> String? {
  guard !path.isEmpty, !path.hasPrefix("/") else { return nil }
  return "\"\(path)\" is relative; expected an absolute path, which begins with / (~ and variables are not expanded)"
}

extension Config.Daemon {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.string("socket", into: &socket) { path in
      // sun_path of unix(7) holds 108 bytes with the closing NUL.
      path.utf8.count > 107
        ? "the path has \(path.utf8.count) bytes; Linux allows 107 for a socket" : notAbsolute(path)
    }
    reader.string("state_dir", into: &stateDirectory, problem: notAbsolute)
    reader.choice("log_level", into: &logLevel)
    reader.choice("log_target", into: &logTarget)
    reader.duration("drain", into: &drain, in: 0...86_400)
    readUIDs(&reader)
  }

  private mutating func readUIDs(_ reader: inout TableReader) {
    let key = "allowed_uids"
    guard let found = reader.value(key) else { return }
    guard case .array(let elements) = found else {
      return reader.mismatch(key, found, expected: "a list of user ids: [1000, 1001]")
    }
    allowedUIDs = []
    for (index, element) in elements.enumerated() {
      // 2^32 - 1 is the kernel's "no user".
      guard case .integer(let value) = element, let uid = UInt32(exactly: value), uid != .max else {
        reader.mismatch("\(key)[\(index)]", element, expected: "a user id, 0 to 4294967294 (`id -u NAME` prints it)")
        continue
      }
      allowedUIDs.append(uid)
    }
  }
}

extension Config.Monitor {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.string("procfs", into: &procfs) { $0.isEmpty ? "expected an absolute path" : notAbsolute($0) }
    reader.duration("interval", into: &interval, in: 0.1...60)
  }
}

extension Config.Zones {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.number("cpu_safe", into: &cpuSafe, in: 0...1)
    reader.number("cpu_danger", into: &cpuDanger, in: 0...1)
    reader.number("ram_safe", into: &ramSafe, in: 0...1)
    reader.number("ram_danger", into: &ramDanger, in: 0...1)
    reader.number("hysteresis", into: &hysteresis, in: 0...0.5)
    for (kind, safe, danger) in [("cpu", cpuSafe, cpuDanger), ("ram", ramSafe, ramDanger)] where safe > danger {
      let key = reader.has("\(kind)_safe") ? "\(kind)_safe" : "\(kind)_danger"
      reader.add("\(kind)_safe is \(safe) and \(kind)_danger is \(danger); safe must not be above danger", at: key)
    }
  }
}

extension Config.Scheduler {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.integer("max_agents_per_session", into: &maxAgentsPerSession, in: 1...100_000)
    reader.integer("max_agents_per_session_warning", into: &maxAgentsPerSessionWarning, in: 1...100_000)
    reader.integer("max_agents", into: &maxAgents, in: 1...100_000)
    reader.number("default_cpu", into: &defaultCPU, in: 0...1)
    reader.number("default_ram", into: &defaultRAM, in: 0...1)
    reader.duration("warm_up", into: &warmUp, in: 0...86_400)
    reader.duration("emergency_after", into: &emergencyAfter, in: 0...86_400)
    reader.choice("emergency_action", into: &emergencyAction)
    reader.duration("start_gap", into: &startGap, in: 0...3600)
    reader.integer("backfill_limit", into: &backfillLimit, in: 0...100_000)
    reader.duration("backfill_patience", into: &backfillPatience, in: 0...86_400)
    reader.section("patience") { patience.read(&$0) }
    // Whoever lowers only the first means the second as well: it is capped, not refused.
    if !reader.has("max_agents_per_session_warning") {
      maxAgentsPerSessionWarning = min(maxAgentsPerSessionWarning, maxAgentsPerSession)
    } else if maxAgentsPerSessionWarning > maxAgentsPerSession {
      reader.add(
        "\(maxAgentsPerSessionWarning) is above max_agents_per_session (\(maxAgentsPerSession)); under warning no more "
          + "may run than in the safe zone", at: "max_agents_per_session_warning")
    }
  }
}

extension Config.Patience {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.duration("critical", into: &critical, in: 0...Config.longest)
    reader.duration("high", into: &high, in: 0...Config.longest)
    reader.duration("medium", into: &medium, in: 0...Config.longest)
    reader.duration("low", into: &low, in: 0...Config.longest)
  }
}

extension Config.Agents {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.string("runner", into: &runner) { $0.isEmpty ? nil : badName($0) }
    reader.integer("max_depth", into: &maxDepth, in: 0...64)
    reader.integer("max_children", into: &maxChildren, in: 0...1_000_000)
    reader.integer("max_live_per_session", into: &maxLivePerSession, in: 0...1_000_000)
    reader.integer("max_per_minute", into: &maxPerMinute, in: 0...1_000_000)
    reader.choice("when_over_cap", into: &whenOverCap)
    reader.strings("drop_environment", into: &dropEnvironment, problem: badVariablePattern)
    reader.duration("linger", into: &linger, in: 0...3600)
    reader.choice("isolation", into: &isolation)
  }
}

extension Config.Budgets {
  fileprivate mutating func read(_ reader: inout TableReader) {
    let (money, tokens) = (0.0001...1e9, 1...1_000_000_000_000)
    reader.number("task_cost", into: &taskCost, in: money)
    reader.integer("task_tokens", into: &taskTokens, in: tokens)
    reader.number("batch_cost", into: &batchCost, in: money)
    reader.integer("batch_tokens", into: &batchTokens, in: tokens)
    reader.number("session_cost", into: &sessionCost, in: money)
    reader.integer("session_tokens", into: &sessionTokens, in: tokens)
    reader.number("branch_cost", into: &branchCost, in: money)
    reader.integer("branch_tokens", into: &branchTokens, in: tokens)
    reader.number("day_cost", into: &dayCost, in: money)
    reader.integer("day_tokens", into: &dayTokens, in: tokens)
  }
}

/// The names of environment variables, with `*` at the end for all that begin so.
func badVariablePattern(_ pattern: String) -> String? {
  let name = pattern.hasSuffix("*") ? pattern.dropLast() : pattern[...]
  guard !pattern.isEmpty, !name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "*") }) else {
    return "\"\(pattern)\" names no variable; expected a name, with * only as its last letter"
  }
  return nil
}

extension Config.Server {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.size("max_line", into: &maxLine, in: 4096...(1 << 30))
    reader.integer("max_connections", into: &maxConnections, in: 1...1_000_000)
    reader.integer("max_connections_per_process", into: &maxConnectionsPerProcess, in: 1...1_000_000)
    reader.integer("max_batch", into: &maxBatch, in: 1...1_000_000)
    reader.integer("max_queued", into: &maxQueued, in: 1...10_000_000)
    reader.integer("max_requests_in_flight", into: &maxRequestsInFlight, in: 1...100_000)
    reader.integer("confirm_above", into: &confirmAbove, in: 0...1_000_000)
  }
}

extension Config.Learning {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.boolean("enabled", into: &enabled)
    reader.duration("half_life", into: &halfLife, in: 3600...Config.longest)
    reader.number("exploration", into: &exploration, in: 0...1)
  }
}

extension Config.Store {
  fileprivate mutating func read(_ reader: inout TableReader) {
    reader.duration("history", into: &history, in: 0...Config.longest)
    reader.duration("output_history", into: &outputHistory, in: 0...Config.longest)
  }
}

extension Config.Warden {
  fileprivate mutating func read(_ reader: inout TableReader) {
    var text = "auto"
    reader.string("cgroup_root", into: &text) { text in
      if text == "auto" || text == "none" || text.hasPrefix("/") { return nil }
      return "found \"\(text)\"; expected \"auto\", \"none\", or the absolute path of a cgroup v2 folder"
    }
    switch text {
    case "auto": cgroupRoot = .auto
    case "none": cgroupRoot = .none
    default: cgroupRoot = .path(text)
    }
  }
}

extension Config.Hive {
  fileprivate mutating func read(_ reader: inout TableReader) {
    // A digest can be a part of one argument, of which Linux takes 128 KiB (MAX_ARG_STRLEN of execve(2)).
    reader.size("digest_bytes", into: &digestBytes, in: 0...65_536)
    reader.size("max_finding", into: &maxFinding, in: 1...262_144)
    reader.integer("max_per_task", into: &maxPerTask, in: 1...1_000_000)
    reader.integer("max_per_branch", into: &maxPerBranch, in: 1...10_000_000)
  }
}
