import Glibc
import WardenProtocol

/// Writes an agent's limits into its cgroup.
struct GroupLimits {
  let groups: CgroupTree
  /// Controllers that agents' groups have.
  let controllers: [String]

  /// A value that the kernel refused.
  struct Refusal: Error {
    let code: Int32
    let message: String
  }

  /// Sets limits where there are controllers for them. `fresh` groups have the kernel's defaults, so that only what is
  /// given is written.
  func apply(_ limits: RunLimits, to name: String, fresh: Bool) throws(Refusal) {
    func set(_ value: String?, otherwise: String, _ file: StaticString, _ controller: String) throws(Refusal) {
      guard controllers.contains(controller), !(fresh && value == nil) else { return }
      let text = value ?? otherwise
      let code = groups.write(text, to: file, of: name)
      // Not every kernel is built with swap accounting or weights for the disks.
      guard code != 0, !(code == ENOENT && (value == nil || controller != "memory" && controller != "pids")) else {
        return
      }
      if code == ENOENT, "\(file)" == "memory.swap.max" { return }
      throw Refusal(
        code: code, message: "\(file) of \(groups.path)/\(name) can't be set to \(text): \(errorText(code)).")
    }
    if fresh { try set("1", otherwise: "1", "memory.oom.group", "memory") }
    try set(limits.memoryMax.map { "\($0)" }, otherwise: "max", "memory.max", "memory")
    try set(limits.memoryHigh.map { "\($0)" }, otherwise: "max", "memory.high", "memory")
    try set(limits.swapMax.map { "\($0)" }, otherwise: "max", "memory.swap.max", "memory")
    try set(limits.pidsMax.map { "\($0)" }, otherwise: "max", "pids.max", "pids")
    try set(limits.cpuWeight.map { "\($0)" }, otherwise: "100", "cpu.weight", "cpu")
    // Microseconds of CPU in each 100 ms.
    try set(limits.cpuMaxCores.map { "\(Int($0 * 100_000)) 100000" }, otherwise: "max 100000", "cpu.max", "cpu")
    try set(limits.ioWeight.map { "\($0)" }, otherwise: "100", "io.weight", "io")
  }
}
