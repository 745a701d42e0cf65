import Testing

@testable import JarvisConfig

@Suite struct ConfigTests {
  let shipped: String

  init() throws { shipped = try FileText.read(shippedFolder + "/jarvis.toml") }

  @Test func theShippedFileIsExactlyTheDefaults() throws {
    #expect(try ConfigLoader.parse(shipped, file: "jarvis.toml") == Config())
    #expect(try ConfigLoader.parse("", file: "empty.toml") == Config())
  }

  /// (section, key, value unlike the default), one for each key.
  static let changes: [(section: String, key: String, value: String)] = [
    ("daemon", "socket", #""/run/j.sock""#), ("daemon", "state_dir", #""/var/j""#),
    ("daemon", "log_level", #""debug""#), ("daemon", "log_target", #""stderr""#), ("daemon", "drain", #""7s""#),
    ("daemon", "allowed_uids", "[1000, 1001]"),
    ("monitor", "procfs", #""/tmp/proc""#), ("monitor", "interval", "0.25"),
    ("zones", "cpu_safe", "0.5"), ("zones", "cpu_danger", "1"), ("zones", "ram_safe", "0.5"),
    ("zones", "ram_danger", "0.9"), ("zones", "hysteresis", "0"),
    ("scheduler", "max_agents_per_session", "6"), ("scheduler", "max_agents_per_session_warning", "3"),
    ("scheduler", "max_agents", "65"), ("scheduler", "default_cpu", "0.1"), ("scheduler", "default_ram", "0.1"),
    ("scheduler", "warm_up", "11"), ("scheduler", "emergency_after", "31"),
    ("scheduler", "emergency_action", #""freeze""#), ("scheduler", "start_gap", #""200ms""#),
    ("scheduler", "backfill_limit", "0"), ("scheduler", "backfill_patience", #""2m""#),
    ("scheduler.patience", "critical", "1"), ("scheduler.patience", "high", "2"),
    ("scheduler.patience", "medium", "3"), ("scheduler.patience", "low", "4"),
    ("limits", "memory", #""2G""#), ("limits", "cpu", "1.5"), ("limits", "pids", "0"), ("limits", "time", #""1h""#),
    ("limits", "io_weight", "200"), ("limits", "output", #""""#), ("limits", "silence", #""10m""#),
    ("limits", "grace", "1"),
    ("limits.session", "memory", #""2G""#), ("limits.session", "cpu", "1.5"), ("limits.session", "pids", #""auto""#),
    ("limits.jarvis", "memory", #""2G""#), ("limits.jarvis", "cpu", "1.5"), ("limits.jarvis", "pids", "500"),
    ("overseer", "alert_at", "0.7"), ("overseer", "throttle_at", "0.8"), ("overseer", "kill_at", "2"),
    ("overseer", "memory_grace", "1"), ("overseer", "throttled_for", "9"), ("overseer", "cpu_kill_after", "99"),
    ("overseer", "raise_limit", "false"),
    ("overseer.machine", "pause", "1"), ("overseer.machine", "severe_available", "0.1"),
    ("overseer.machine", "severe_pressure", "0.5"), ("overseer.machine", "severe_pressure_for", "9"),
    ("overseer.machine", "falling_available", "0.01"), ("overseer.machine", "io_pressure", "0.5"),
    ("overseer.machine", "io_pressure_for", "9"), ("overseer.machine", "cpu_pressure", "0.5"),
    ("overseer.machine", "cpu_pressure_for", "9"), ("overseer.machine", "longest_hold", "9"),
    ("alerts", "command", #"["/bin/true"]"#), ("alerts", "desktop", "false"), ("alerts", "every", "1"),
    ("agents", "runner", #""codex""#), ("agents", "max_depth", "0"), ("agents", "max_children", "1"),
    ("agents", "max_live_per_session", "2"), ("agents", "max_per_minute", "3"),
    ("learning", "enabled", "false"), ("learning", "half_life", #""7d""#), ("learning", "exploration", "0.2"),
    ("agents", "when_over_cap", #""freeze""#), ("agents", "drop_environment", "[]"), ("agents", "linger", "5"),
    ("agents", "isolation", #""worktree""#),
    ("budgets", "task_cost", "1.5"), ("budgets", "task_tokens", "1000"),
    ("budgets", "batch_cost", "1.5"), ("budgets", "batch_tokens", "1000"),
    ("budgets", "session_cost", "1.5"), ("budgets", "session_tokens", "1000"),
    ("budgets", "branch_cost", "1.5"), ("budgets", "branch_tokens", "1000"),
    ("budgets", "day_cost", "1.5"), ("budgets", "day_tokens", "1000"),
    ("server", "max_line", #""1M""#), ("server", "max_connections", "5"),
    ("server", "max_connections_per_process", "6"), ("server", "max_batch", "7"), ("server", "max_queued", "8"),
    ("server", "max_requests_in_flight", "9"), ("server", "confirm_above", "25"),
    ("store", "history", #""1d""#), ("store", "output_history", #""1d""#),
    ("hive", "digest_bytes", "0"), ("hive", "max_finding", #""1K""#), ("hive", "max_per_task", "7"),
    ("hive", "max_per_branch", "8"),
    ("warden", "cgroup_root", #""none""#),
  ]

  @Test func everyKeyChangesItsOwnPartOfTheConfiguration() throws {
    var seen: [Config] = [Config()]
    for change in Self.changes {
      let config = try ConfigLoader.parse("[\(change.section)]\n\(change.key) = \(change.value)", file: "c.toml")
      #expect(!seen.contains(config), "\(change.section).\(change.key)")
      seen.append(config)
    }
  }

  @Test func theShippedFileHasEveryKeyOnceUnderAComment() {
    var section = ""
    var isDocumented = false
    var keys: [String] = []
    for line in shipped.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("#") {
        isDocumented = true
      } else if line.hasPrefix("[") {
        section = String(line.dropFirst().dropLast())
        isDocumented = false
      } else if line.isEmpty {
        isDocumented = false
      } else if let cut = line.firstIndex(of: "=") {
        let key = "\(section).\(line[..<cut].filter { $0 != " " })"
        keys.append(key)
        #expect(isDocumented || key.hasPrefix("scheduler.patience"), "\(key) has no comment")
      }
    }
    #expect(keys.sorted() == Self.changes.map { "\($0.section).\($0.key)" }.sorted())
    #expect(keys.count == Self.propertyCount(Config()), "a property of Config has no key, or the other way round")
  }

  private static func propertyCount(_ value: Any) -> Int {
    // `[limits.types.NAME]` has no keys of its own: each name is a table.
    Mirror(reflecting: value).children.filter { $0.label != "types" }.reduce(0) { count, child in
      let isSection =
        ["Patience", "Machine", "Totals"].contains("\(type(of: child.value))")
        || (value is Config && Mirror(reflecting: child.value).children.count > 0)
      return count + (isSection ? propertyCount(child.value) : 1)
    }
  }

  @Test func noneIsWrittenAsTheEmptyTextOrZero() throws {
    for none in [#""""#, "0"] {
      let text = "[limits]\nmemory = \(none)\noutput = \(none)\ntime = \(none)\ncpu = \(none)\npids = \(none)"
      let limits = try ConfigLoader.parse(text, file: "c.toml").limits
      #expect(limits.memory == .none && limits.output == .none && limits.time == nil)
      #expect(limits.cpu == nil && limits.pids == .none)
    }
  }

  @Test func limitsCanScaleWithTheMachineAndBeSetForAType() throws {
    let text = """
      [limits]
      memory = "25%"
      pids = "auto"
      output = "2G"
      [limits.types.build]
      memory = "8G"
      time = "1h"
      """
    let limits = try ConfigLoader.parse(text, file: "c.toml").limits
    #expect(limits.memory == .share(0.25) && limits.pids == .automatic && limits.output == .amount(2 << 30))
    #expect(limits.types["build"]?.memory == 8 << 30 && limits.types["build"]?.time == 3600)
    #expect(problems("[limits]\nmemory = \"120%\"").first?.message.contains("up to 100") == true)
    #expect(problems("[limits.types.build]\nmemroy = \"1G\"").first?.keyPath == "limits.types.build.memroy")
    #expect(problems("[alerts]\ncommand = [\"notify\"]").first?.message.contains("absolute path") == true)
  }

  @Test func loweringOnlyTheSessionCapLowersTheWarningCapToo() throws {
    let config = try ConfigLoader.parse("[scheduler]\nmax_agents_per_session = 1", file: "c.toml")
    #expect(config.scheduler.maxAgentsPerSessionWarning == 1)
  }

  @Test func cgroupRootIsAWordOrAnAbsolutePath() throws {
    let config = try ConfigLoader.parse("[warden]\ncgroup_root = \"/sys/fs/cgroup/x\"", file: "c.toml")
    #expect(config.warden.cgroupRoot == .path("/sys/fs/cgroup/x"))
    #expect(problems("[warden]\ncgroup_root = \"x\"").first?.message.contains("\"auto\", \"none\"") == true)
  }
}
