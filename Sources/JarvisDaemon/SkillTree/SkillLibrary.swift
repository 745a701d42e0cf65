import JarvisConfig
import JarvisProtocol

/// The skills that are installed.
enum SkillLibrary {
  /// Reads all skill files, so that a file that was just written counts at once.
  static func load() -> LoadedFiles<SkillFile> {
    let folders = DataFolders.search(
      "skills", executable: DataFolders.executable, environment: ProcessEnvironment.values)
    return SkillFile.load(directories: folders)
  }

  /// The batch that a run of a skill stands for.
  static func batch(
    _ run: SkillRun.Parameters, _ caller: Caller, _ inspector: PeerInspector
  ) throws(RPC.Failure) -> TaskSpawn.Parameters {
    let loaded = load()
    guard let skill = loaded.files[run.name] else {
      let broken = loaded.diagnostics.first { $0.file.hasSuffix("/\(run.name).toml") }
      if let broken { throw RPC.Failure(.conflict, "the skill \"\(run.name)\" can't be used: \(broken)") }
      let known = loaded.files.keys.sorted().joined(separator: ", ")
      throw RPC.Failure(
        .notFound, "there is no skill \"\(run.name.prefix(60))\" (known: \(known.isEmpty ? "none" : known))",
        data: ["field": "params.name"])
    }
    var parameters = run.parameters
    let folder = run.cwd ?? inspector.workingDirectory(of: caller)
    if let folder {
      // A path is the caller's, not the daemon's; the task runs in the caller's folder, but may change it.
      for parameter in skill.parameters where parameter.type == .path {
        guard let value = parameters[parameter.name] ?? parameter.defaultValue, !value.hasPrefix("/") else { continue }
        parameters[parameter.name] = value == "." ? folder : "\(folder)/\(value)"
      }
    }
    let tasks: [SkillTask]
    do throws(SkillError) {
      tasks = try skill.instantiate(parameters: parameters)
    } catch {
      throw RPC.Failure(
        .invalidParams, error.description, data: ["field": .string("params.parameters.\(error.parameter)")])
    }
    var batch = TaskSpawn.Parameters(tasks: tasks.map { TaskSpec($0) })
    batch.name = skill.name
    batch.branchID = run.branchID ?? skill.branch
    batch.strategy = run.strategy ?? skill.strategy ?? .auto
    batch.cwd = run.cwd
    batch.sessionID = run.sessionID
    batch.requestKey = run.requestKey
    return batch
  }
}

extension TaskSpec {
  init(_ task: SkillTask) {
    self.init(command: .shell(""), description: task.description)
    name = task.name
    type = task.type
    priority = task.priority
    runner = task.runner
    cwd = task.cwd
    env = task.environment
    retries = task.retries
    after = AfterList(task.after.map { After(task: $0.task, condition: $0.condition) })
    limits = TaskLimits(
      memory: task.limits.memory.map { ByteSize(UInt64($0)) }, cpu: task.limits.cpu, pids: task.limits.pids,
      time: task.limits.time.map { TimeSpan($0) }, output: task.limits.output.map { ByteSize(UInt64($0)) })
    switch task.work {
    case .argv(let argv): command = .argv(argv)
    case .shell(let line): command = .shell(line)
    case .prompt: command = nil
    }
  }
}

extension SkillView {
  init(_ skill: SkillFile) {
    self.init(
      name: skill.name, description: skill.description, strategy: skill.strategy ?? .auto, branchID: skill.branch,
      tasks: skill.taskCount,
      parameters: skill.parameters.map {
        SkillParameterView(
          name: $0.name, type: $0.type.rawValue, description: $0.description, required: $0.required,
          defaultValue: $0.defaultValue)
      }, file: skill.file)
  }
}
