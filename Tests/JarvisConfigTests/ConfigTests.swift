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
    ("limits", "output", #""""#), ("limits", "grace", "1"),
    ("agents", "runner", #""codex""#), ("agents", "max_depth", "0"), ("agents", "max_children", "1"),
    ("agents", "drop_environment", "[]"),
    ("server", "max_line", #""1M""#), ("server", "max_connections", "5"),
    ("server", "max_connections_per_process", "6"), ("server", "max_batch", "7"), ("server", "max_queued", "8"),
    ("server", "max_requests_in_flight", "9"),
    ("store", "history", #""1d""#), ("store", "output_history", #""1d""#),
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
    Mirror(reflecting: value).children.reduce(0) { count, child in
      let isSection =
        "\(type(of: child.value))" == "Patience"
        || (value is Config && Mirror(reflecting: child.value).children.count > 0)
      return count + (isSection ? propertyCount(child.value) : 1)
    }
  }

  @Test func noneIsWrittenAsTheEmptyTextOrZero() throws {
    for none in [#""""#, "0"] {
      let text = "[limits]\nmemory = \(none)\noutput = \(none)\ntime = \(none)\ncpu = \(none)\npids = \(none)"
      let limits = try ConfigLoader.parse(text, file: "c.toml").limits
      #expect(limits.memory == nil && limits.output == nil && limits.time == nil)
      #expect(limits.cpu == nil && limits.pids == nil)
    }
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
