import Glibc
import JarvisAgents
import JarvisConfig
import JarvisCore
import JarvisLinux
import JarvisProtocol

/// What a submission is checked against.
struct SubmissionContext: Sendable {
  var cwd: String
  var environment: [String: String]
  var runners: RunnerTable
  var config: Config
  /// 0 where not known yet.
  var cores: Double
  var memoryTotal: UInt64
  /// Set where an agent submits.
  var agent: AgentIdentity?
}

/// A batch whose every task has been checked; nothing has been changed yet.
struct PreparedBatch: Sendable {
  var tasks: [PreparedTask]
  var branch: String
  var strategy: Strategy
  var environment: [String: String]
  /// Tasks of earlier batches that these depend on, with the field that names each.
  var outside: [TaskID: String]
  /// The git folder of the submitter's repository; empty outside of one.
  var scope: String
  /// A parent for the branch.
  var parentBranch: String?
}

/// One task of it.
struct PreparedTask: Sendable {
  /// A dependency within the batch, or on a task submitted before.
  enum Target: Sendable {
    case inBatch(Int)
    case outside(TaskID)
  }

  var spec: TaskSpec
  var cwd: String
  var runner: String
  var type: String
  var after: [(target: Target, condition: AfterCondition)]
  /// The conversation that it goes on with, and what that had cost before.
  var session: String?
  var costBefore: Double?
  var tokensBefore: TokenCount?
  /// The task whose worktree it goes on in.
  var worktree: TaskID?
  /// What it is of a skill's step, and what that is made of.
  var step: StoredStep?
  var sources: [Target] = []
}

/// Checks submissions. Reads the file system (folders, programs) and nothing else; refuses with the field's path.
struct SubmissionCheck {
  private let context: SubmissionContext
  private let path: WirePath
  /// Folders and programs that were looked at already: the tasks of a batch are alike.
  private var folders: [String: String?] = [:]
  private var programs: [String: CommandError?] = [:]

  init(_ context: SubmissionContext, path: WirePath = .root("params")) {
    self.context = context
    self.path = path
  }

  /// Checks a whole batch.
  mutating func prepare(_ batch: TaskSpawn.Parameters) throws(WireError) -> PreparedBatch {
    let maximum = context.config.server.maxBatch
    guard batch.tasks.count <= maximum else {
      throw WireError(.field(path, "tasks"), "must be at most \(maximum) tasks in a batch, found \(batch.tasks.count)")
    }
    let environment = batch.environment ?? context.environment
    let folder = batch.cwd ?? context.cwd
    if batch.cwd != nil { try check(folder: folder, at: .field(path, "cwd")) }
    let names = try index(batch.tasks)
    var prepared: [PreparedTask] = []
    prepared.reserveCapacity(batch.tasks.count)
    var outside: [TaskID: String] = [:]
    for (i, spec) in batch.tasks.enumerated() {
      let at = WirePath.index(.field(path, "tasks"), i)
      var task = try prepare(spec, folder: folder, environment: environment, at: at)
      for (j, after) in spec.after.items.enumerated() {
        let place = WirePath.index(.field(at, "after"), j)
        if let other = names[after.task] {
          task.after.append((.inBatch(other), after.condition))
        } else if let id = TaskID(after.task) {
          task.after.append((.outside(id), after.condition))
          if outside[id] == nil { outside[id] = place.description }
        } else {
          throw WireError(
            place, "names \"\(after.task)\", which is neither a task of this batch nor a task's id (such as \"t42\")")
        }
      }
      prepared.append(task)
    }
    try checkCycles(prepared, names: batch.tasks.map(\.name))
    let branch = context.agent?.branch ?? batch.branchID ?? GitBranch.current(of: folder) ?? "main"
    if batch.parentBranchID != nil, context.agent != nil {
      throw WireError(.field(path, "parent_branch_id"), "can't be given by an agent: it works on its own branch")
    }
    return PreparedBatch(
      tasks: prepared, branch: branch, strategy: batch.strategy, environment: environment, outside: outside,
      scope: GitBranch.commonDirectory(of: folder) ?? "", parentBranch: batch.parentBranchID)
  }

  /// Checks one task by itself.
  mutating func prepare(
    _ spec: TaskSpec, folder: String, environment: [String: String], at path: WirePath
  ) throws(WireError) -> PreparedTask {
    var cwd = spec.cwd ?? folder
    if spec.cwd != nil, !cwd.hasPrefix("/") { cwd = folder + "/" + cwd }
    try check(folder: cwd, at: .field(path, "cwd"))
    let searchPath = spec.env["PATH"] ?? environment["PATH"] ?? ""
    let runner: String
    do throws(CommandError) {
      runner = try context.runners.resolve(
        spec, configured: context.config.agents.runner, path: searchPath, folder: cwd)
    } catch {
      throw WireError(.field(path, error.field), error.message)
    }
    if case .argv(let argv)? = spec.command { try check(program: argv[0], searchPath, cwd, at: path) }
    try check(spec.limits, at: .field(path, "limits"))
    var spec = spec
    if spec.isolation == nil, runner != "command", context.config.agents.isolation != .shared {
      spec.isolation = context.config.agents.isolation
    }
    return PreparedTask(
      spec: spec, cwd: cwd, runner: runner,
      type: spec.type ?? TypeName.derive(skill: nil, runner: runner, command: spec.command), after: [])
  }

  private func index(_ tasks: [TaskSpec]) throws(WireError) -> [String: Int] {
    var names: [String: Int] = [:]
    for (i, task) in tasks.enumerated() {
      guard let name = task.name else { continue }
      if let first = names.updateValue(i, forKey: name) {
        throw WireError(
          .field(.index(.field(path, "tasks"), i), "name"),
          "is used twice: \"\(name)\" is the name of tasks[\(first)] too")
      }
    }
    return names
  }

  private func checkCycles(_ tasks: [PreparedTask], names: [String?]) throws(WireError) {
    var edges: [(task: Int, waitsFor: Int)] = []
    for (i, task) in tasks.enumerated() {
      for case (.inBatch(let other), _) in task.after { edges.append((task: i, waitsFor: other)) }
    }
    guard !edges.isEmpty, let cycle = DependencyCheck.findCycle(count: tasks.count, edges: edges) else { return }
    let path = cycle.map { names[$0] ?? "tasks[\($0)]" }
    let shown = path.count > 12 ? path.prefix(6) + ["…"] + path.suffix(5) : path[...]
    throw WireError(
      .field(.index(.field(self.path, "tasks"), cycle[0]), "after"),
      "is part of a cycle, in which each task waits for the next: \(shown.joined(separator: " → "))")
  }

  private mutating func check(folder: String, at path: WirePath) throws(WireError) {
    if folders[folder] == nil { folders[folder] = .some(Self.problem(folder: folder)) }
    if case .some(.some(let problem)) = folders[folder] { throw WireError(path, problem) }
  }

  private static func problem(folder: String) -> String? {
    guard folder.hasPrefix("/") else { return "must be an absolute path, found \"\(folder)\"" }
    guard folder.utf8.count < 4096 else { return "is longer than a path may be (4,095 bytes)" }
    var status = stat()
    guard stat(folder, &status) == 0 else {
      return errno == EACCES ? "can't be reached: \"\(folder)\" (permission denied)" : "does not exist: \"\(folder)\""
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return "is no folder: \"\(folder)\"" }
    return access(folder, X_OK) == 0 ? nil : "can't be entered: \"\(folder)\" (permission denied)"
  }

  private mutating func check(
    program: String, _ searchPath: String, _ folder: String, at path: WirePath
  ) throws(WireError) {
    let key = "\(program)\u{0}\(searchPath)\u{0}\(program.contains("/") ? folder : "")"
    if programs[key] == nil {
      do throws(ExecutableNotFound) {
        _ = try ExecutableFinder.find(program, path: searchPath, folder: folder)
        programs[key] = .some(nil)
      } catch {
        programs[key] = .some(CommandError(message: "can't be run: \(error)"))
      }
    }
    if case .some(.some(let error)) = programs[key] { throw WireError(.field(path, "command"), error.message) }
  }

  private func check(_ limits: TaskLimits, at path: WirePath) throws(WireError) {
    if let memory = limits.memory, context.memoryTotal > 0, memory.bytes > context.memoryTotal {
      throw WireError(
        .field(path, "memory"),
        "is over the machine's memory: \(Text.bytes(memory.bytes)) of \(Text.bytes(context.memoryTotal))")
    }
    if let cpu = limits.cpu, context.cores > 0, cpu > context.cores {
      throw WireError(.field(path, "cpu"), "is over the machine's cores: \(cpu) of \(context.cores)")
    }
    // PID_MAX_LIMIT of include/linux/threads.h on 64-bit kernels.
    if let pids = limits.pids, pids > 4_194_304 {
      throw WireError(.field(path, "pids"), "is over what the kernel can have (4,194,304), found \(pids)")
    }
  }
}
