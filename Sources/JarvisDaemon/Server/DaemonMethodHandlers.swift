import JarvisConfig
import JarvisLinux
import JarvisProtocol
import JarvisStore

/// What `daemon.*` needs beside the coordinator.
struct DaemonServices: Sendable {
  let startedAt: Timestamp
  let isStandalone: Bool
  /// Reads the configuration again and puts it in force.
  let reload: @Sendable () async throws(RPC.Failure) -> DaemonReload.Result
  let configFile: @Sendable () -> String?
}

extension MethodTable {
  /// `daemon.*` and `events.*`.
  mutating func addDaemonMethods(_ coordinator: Coordinator, _ services: DaemonServices) {
    add(EventsSubscribe.self) { (parameters, caller, connection) throws(RPC.Failure) in
      guard let connection else {
        throw RPC.Failure(.conflict, "events go to a connection of the socket API, and this call has none")
      }
      var filter = parameters
      if let agent = caller.agent { filter.branchID = agent.branch }
      let scope = await coordinator.scope(of: caller)
      coordinator.events.subscribe(connection: connection.number, filter: filter, scope: scope) {
        [weak connection] json in
        connection?.sendEvent(json) ?? false
      }
      connection.setSubscribed(true)
      return EventsSubscribe.Result(subscribed: true, sequence: coordinator.events.sequence)
    }
    add(EventsUnsubscribe.self) { (_, _, connection) throws(RPC.Failure) in
      if let connection {
        coordinator.events.unsubscribe(connection: connection.number)
        connection.setSubscribed(false)
      }
      return EventsSubscribe.Result(subscribed: false, sequence: coordinator.events.sequence)
    }
    add(DaemonInfo.self) { (_, _, _) throws(RPC.Failure) in await coordinator.info(services) }
    add(DaemonReload.self, forAgents: false) { (_, _, _) throws(RPC.Failure) in try await services.reload() }
    add(DaemonDrain.self, forAgents: false) { (parameters, _, _) throws(RPC.Failure) in
      try await coordinator.drain(parameters.enabled)
    }
    add(DaemonDoctor.self) { (_, _, _) throws(RPC.Failure) in await coordinator.doctor(services) }
    add(DaemonAttach.self) { (parameters, _, connection) throws(RPC.Failure) in
      await connection?.attach(session: parameters.sessionID)
      return parameters
    }
  }
}

extension Coordinator {
  func info(_ services: DaemonServices) -> DaemonInfo.Result {
    let welcome = wardenState.welcome
    return DaemonInfo.Result(
      version: jarvisVersion, pid: Int(getpidNow()), startedAt: services.startedAt, socket: paths.socket,
      stateDirectory: paths.state, configFile: services.configFile(), standalone: services.isStandalone,
      wardenPID: (welcome?.wardenPID).map(Int.init), tier: tier,
      cgroupRoot: welcome.flatMap { $0.cgroupRoot.isEmpty ? nil : $0.cgroupRoot },
      controllers: welcome?.controllers ?? [])
  }

  /// Looks at everything that Jarvis needs, and says how to mend what is missing.
  func doctor(_ services: DaemonServices) async -> DaemonDoctor.Result {
    var checks: [DaemonDoctor.Check] = []
    func add(_ subject: String, _ status: DaemonDoctor.Status, _ found: String, _ advice: String? = nil) {
      checks.append(DaemonDoctor.Check(subject: subject, status: status, found: found, advice: advice))
    }
    switch wardenState {
    case .away(let why):
      add(
        "warden", .problem, "away: \(why)",
        services.isStandalone
          ? "look at jarvisd's log; jarvis-warden must stand beside jarvisd or in PATH"
          : "`systemctl --user status jarvis-warden` says why; `systemctl --user start jarvis-warden` starts it")
    case .connected(let welcome):
      add("warden", .ok, "process \(welcome.wardenPID)")
      let root = welcome.cgroupRoot.isEmpty ? "no cgroup" : welcome.cgroupRoot
      switch welcome.tier {
      case .kernel: add("tier", .ok, "kernel: limits are held by cgroup v2 in \(root)")
      case .sampled, .tree:
        add(
          "tier", .warning, "\(welcome.tier.rawValue): \(welcome.reasons.joined(separator: " "))",
          "run Jarvis under `systemd --user` with cgroup v2 and delegated controllers (README, \"Limits\") to have the kernel hold them"
        )
      }
      add("controllers", .ok, welcome.controllers.isEmpty ? "none" : welcome.controllers.joined(separator: " "))
    }
    await addStoreChecks(add)
    await addRunnerChecks(add)
    addWorktreeChecks(add)
    if let sample {
      let pressure = sample.pressure == nil ? "no pressure stall information" : "with pressure stall information"
      add(
        "machine", sample.pressure == nil ? .warning : .ok,
        "\(sample.cpuCapacity) cores, \(Text.bytes(sample.memoryTotal)) of memory, zone \(scheduler.zone.rawValue), \(pressure)",
        sample.pressure == nil ? "boot the kernel with psi=1" : nil)
    } else {
      add("machine", .problem, "not sampled yet from \(config.monitor.procfs)", "look at `[monitor] procfs`")
    }
    add("config", .ok, services.configFile() ?? "no file: the defaults are in force")
    if isDraining { add("drain", .warning, "draining: nothing new is started", "`jarvisctl drain --off`") }
    return DaemonDoctor.Result(checks: checks)
  }

  private func addStoreChecks(
    _ add: (String, DaemonDoctor.Status, String, String?) -> Void
  ) async {
    do throws(StoreError) {
      let info = try await store.info()
      let faults = try await store.check()
      if let refused {
        add(
          "store", .problem, "it can't write: \(refused.changes.count + parcel.changes.count) changes wait",
          "make room on the disk of \(info.path)")
      } else if let fault = faults.first {
        add("store", .problem, fault, "move \(info.path) away after saving it with `sqlite3 FILE .recover`")
      } else {
        add(
          "store", .ok,
          "\(info.path), \(Text.bytes(UInt64(max(0, info.bytes)))), schema \(info.schemaVersion), SQLite \(info.sqliteVersion)",
          nil)
      }
    } catch {
      add("store", .problem, error.description, nil)
    }
  }

  private func addRunnerChecks(_ add: (String, DaemonDoctor.Status, String, String?) -> Void) async {
    let runners = published.withLock { $0.runners }
    let path = ProcessEnvironment.values["PATH"] ?? ""
    var found: [String] = []
    for (name, file) in runners.files.sorted(by: { $0.key < $1.key }) where name != "command" {
      if let executable = try? ExecutableFinder.find(file.executable, path: path, folder: "/") {
        let version = await ProgramVersion.ask(executable, file.versionArguments)
        found.append("\(name) \(version ?? "of unknown version") (\(executable))")
      }
    }
    if found.isEmpty {
      add(
        "runners", .warning, "command only: no agent is in the daemon's PATH",
        "install one of \(Config.knownRunners.joined(separator: ", ")); tasks with a `command` need none")
    } else {
      add("runners", .ok, "command, \(found.joined(separator: ", "))", nil)
    }
    for fault in runners.faults { add("runner file", .warning, fault.description, nil) }
  }
}
