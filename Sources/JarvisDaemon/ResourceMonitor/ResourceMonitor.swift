import JarvisLinux
import JarvisProtocol
import Logging
import WardenProtocol

/// The sampling timer: the only one that runs while nothing happens. It feeds the coordinator, and the coordinator's
/// answer is the heartbeat that the watchdog gets; a coordinator that hangs stops both.
struct ResourceMonitor: Sendable {
  let coordinator: Coordinator
  let notifier: SystemdNotifier
  let log: Logger
  /// Called once, after the first sample.
  let whenFirst: @Sendable () async -> Void

  /// Samples until cancelled.
  func run() async {
    var folder = ""
    var reader = ProcReader()
    var last: MachineSample?
    var samples = 0
    var lastStatus = ""
    var nextPrune = 0
    var failing = false
    while !Task.isCancelled {
      let config = coordinator.published.withLock { $0.config }
      if config.monitor.procfs != folder {
        folder = config.monitor.procfs
        reader = ProcReader(folder: folder)
      }
      do throws(ProcError) {
        last = try reader.sample(now: SystemClock.now())
        failing = false
      } catch {
        // A made-up file can be caught half written; the last sample holds.
        if !failing { log.error("the machine can't be sampled: \(error)") }
        failing = true
      }
      var wait = config.monitor.interval
      if let last {
        // The disk fills slowly, and a look at it may take long on some.
        let disk = samples % 16 == 0 ? Output.freeBytes(coordinator.paths.outputs) : nil
        wait = await coordinator.observe(last, sampleAgents(), freeDisk: disk)
        samples += 1
        if samples == 1 { await whenFirst() }
        if samples == 3 { ProgramPages.release() }
      }
      notifier.watchdog()
      let status = await coordinator.statusLine
      if status != lastStatus {
        lastStatus = status
        notifier.status(status)
      }
      if samples >= nextPrune {
        // At the start, and about every six hours.
        nextPrune = samples + Int(6 * 3600 / max(0.1, config.monitor.interval))
        await coordinator.prune()
      }
      // The first share of the CPU needs two samples near each other.
      if samples == 1 { wait = min(wait, 0.12) }
      // However seldom samples are asked for, the watchdog is fed in time.
      if let watchdog = notifier.watchdogInterval { wait = min(wait, watchdog / .seconds(2)) }
      // One thread wakes, and it does all of the above: idle, the daemon wakes once for each sample.
      await coordinator.alarm.sleep(seconds: wait)
    }
  }

  /// Many agents mean many files, read beside the event loop; none cost no switch between threads.
  private func sampleAgents() async -> AgentSamples {
    guard !coordinator.sampler.isEmpty else { return AgentSamples() }
    return await withTaskExecutorPreference(globalConcurrentExecutor) { coordinator.sampler.sample() }
  }
}
