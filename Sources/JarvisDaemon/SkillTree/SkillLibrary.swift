import JarvisConfig
import JarvisCore
import JarvisProtocol

/// The skills that are installed. Files are read anew each time, so that one that was just written counts at once.
enum SkillLibrary {
  /// All skill files: the user's override the shipped ones of the same name.
  static func load() -> LoadedFiles<SkillFile> { SkillFile.load(directories: folders) }

  /// Where they are, the user's last.
  static var folders: [String] {
    DataFolders.search("skills", executable: DataFolders.executable, environment: ProcessEnvironment.values)
  }

  /// All usable skills with their typed parameters, by name; without records.
  static func list() -> [SkillView] { load().files.values.sorted { $0.name < $1.name }.map { SkillView($0) } }

  /// What a slash command tells a model: to call `run_skill` with these arguments, and what to do with the results.
  /// - Parameter arguments: texts as a person typed them (or of their types); missing optional ones take defaults.
  /// - Throws: `notFound` for an unknown skill, `invalidParams` for a missing or wrong argument.
  static func promptText(_ name: String, _ arguments: [String: JSON]) throws(RPC.Failure) -> String {
    let skill = try tree(of: name, load()).skill
    do throws(SkillError) { _ = try skill.values(arguments) } catch { throw failure(error) }
    let given = JSON.object(JSONObject(uniqueMembers: arguments.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    let call: JSON = ["name": .string(name), "parameters": given]
    let about = skill.description.isEmpty ? "" : " It is for this: \(skill.description)."
    let steps = skill.steps.map { step in
      "- \(step.name)\(step.fanOut.map { " (one task for \($0))" } ?? ""): \(step.description)"
    }.joined(separator: "\n")
    return """
      Run the Jarvis skill "\(name)".\(about)

      1. Call the tool run_skill with exactly these arguments: \(call.text)
      2. Call wait_for_tasks with the batch_id that it answers, again if the time is up before all tasks are over.
      3. Read the results with get_task_result: those of the last steps first, for they sum the others up; the others \
      only as far as you need them. Tasks of the type skill-step are groups and have no result of their own. For a task \
      that did not succeed, read why, and say so.
      4. Answer with the findings, each with its source (file and line, or task id), the most important first. Do not \
      repeat the work of the tasks yourself, and do not invent what they did not find.

      The skill's steps:
      \(steps)
      """
  }

  // MARK: Inside the daemon

  /// A skill with all that it requires.
  static func tree(
    of name: String, _ all: LoadedFiles<SkillFile>
  ) throws(RPC.Failure) -> (skill: SkillFile, tree: [String: SkillFile]) {
    do throws(SkillError) {
      let tree = try SkillForest.tree(of: name, in: all)
      guard let skill = tree[name] else { throw SkillError("there is no skill \"\(name)\"") }
      return (skill, tree)
    } catch {
      let exists =
        all.files[name] != nil
        || all.diagnostics.contains { $0.severity == .error && $0.file.hasSuffix("/\(name).toml") }
      throw RPC.Failure(exists ? .conflict : .notFound, error.description, data: ["field": "params.name"])
    }
  }

  /// A skill with its parameters' values, and as tasks of a batch.
  static func expand(
    _ run: SkillRun.Parameters, folder: String, inputs: String, most: Int
  ) throws(RPC.Failure) -> (
    skill: SkillFile, tree: [String: SkillFile], values: [String: SkillValue], plan: [PlannedTask]
  ) {
    let (skill, tree) = try tree(of: run.name, load())
    do throws(SkillError) {
      var values = try skill.values(run.parameters)
      // A path is the caller's, not the daemon's; the task runs in the caller's folder, but may change it.
      for parameter in skill.parameters where parameter.type == .path {
        guard case .text(let path)? = values[parameter.name], !path.isEmpty, !path.hasPrefix("/") else { continue }
        values[parameter.name] = .text(path == "." ? folder : "\(folder)/\(path)")
      }
      var expansion = SkillExpansion(skills: tree, inputs: inputs, most: most) { (pattern, most) throws(SkillError) in
        try FileGlob.find(pattern, in: folder, most: most)
      }
      return (skill, tree, values, try expansion.plan(skill.name, values: values))
    } catch {
      throw failure(error)
    }
  }

  static func failure(_ error: SkillError) -> RPC.Failure {
    let field = error.parameter.map { "params.parameters.\($0)" } ?? "params.parameters"
    return RPC.Failure(.invalidParams, error.description, data: ["field": .string(field)])
  }

  /// Everything that is wrong with a skill file's text, which can also be the skills that it requires.
  static func problems(_ text: String, file: String) -> [String] {
    let skill: SkillFile
    do throws(ConfigError) { skill = try SkillFile(text: text, file: file) } catch {
      return error.diagnostics.map(\.description)
    }
    var all = load()
    all.files[skill.name] = skill
    do throws(SkillError) {
      _ = try SkillForest.tree(of: skill.name, in: all)
      return []
    } catch {
      return [Diagnostic(file: file, keyPath: "requires", message: error.message).description]
    }
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
    isolation = task.isolation
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
      tasks: skill.stepCount, requires: skill.requires,
      parameters: skill.parameters.map {
        SkillParameterView(
          name: $0.name, type: $0.type.rawValue, description: $0.description, required: $0.required,
          defaultValue: $0.defaultValue?.json, choices: $0.choices)
      }, file: skill.file)
  }
}
