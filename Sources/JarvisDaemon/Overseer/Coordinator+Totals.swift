import JarvisCore
import JarvisProtocol
import WardenProtocol

// What all agents may use together, as far as the kernel can hold it.
extension Coordinator {
  /// The walls around all agents' cgroups. The guard acts at the totals themselves, and chooses by priority; the walls
  /// stand a sixteenth further, for what is too fast for it.
  private var wallsOfAll: RunLimits {
    let size = machineSize
    let totals = scheduler.policy.machine.jarvis.limits(on: size)
    func wall(_ line: UInt64) -> UInt64 { line + line / 16 }
    var limits = RunLimits()
    if let memory = totals.memory {
      limits.memoryMax = min(wall(memory), max(memory, size.memory))
    }
    limits.pidsMax = totals.pids.map { wall(UInt64($0)) }
    limits.cpuMaxCores = totals.cpu.map { max(0.01, $0) }
    return limits
  }

  /// Tells the warden, once the machine's size is known and whenever they change; `anew`: to one that knows nothing.
  func tellTotals(anew: Bool = false) {
    if anew { toldTotals = nil }
    guard let welcome = wardenState.welcome, welcome.tier != .tree, sample != nil else { return }
    let walls = wallsOfAll
    guard walls != toldTotals else { return }
    toldTotals = walls
    warden.send(.setTotals(walls))
  }

  /// Why the kernel killed an agent that kept its own limit; nil if it broke that.
  func killedForAll(_ id: TaskID, _ report: ExitReport) -> String? {
    guard let task = tasks[id], let wall = toldTotals?.memoryMax else { return nil }
    let own = limits(of: task).memory ?? wall
    guard Double(report.peakMemoryBytes) < 0.9 * Double(own) else { return nil }
    return "the kernel killed it, because all agents together needed more than the \(Text.bytes(wall)) of memory that "
      + "they have (`[limits.jarvis] memory`); its own peak was \(Text.bytes(report.peakMemoryBytes))"
  }

  /// Whether an agent can be given less of the processors, and get it back.
  var canThrottle: Bool {
    tier == .kernel || wardenState.welcome.map { $0.tier == .sampled && $0.controllers.contains("cpu") } ?? false
  }

  /// Changed limits hold for what runs: the kernel's are written anew, and outputs are watched with their new bounds.
  func enforceLimits() {
    tellTotals()
    for id in scheduler.activeTasks {
      guard let task = tasks[id], let run = task.run, run.phase == .running else { continue }
      if tier != .tree {
        warden.send(.setLimits(run.key, runLimits(of: task, throttle: run.overseer?.throttle ?? Throttle())))
      }
      sampler.bindOutput(run.key, outputPaths(of: id, run.key), limits(of: task).output)
    }
  }
}
