import JarvisProtocol

extension SkillFile {
  private static let maxTasks = 1000

  init(document: TOMLDocument) throws(ConfigError) {
    let problems = TableReader.Problems(document)
    var reader = TableReader(problems)
    file = document.file
    source = document.text
    reader.fileName(into: &name)
    reader.string("description", into: &description)
    reader.string("branch", into: &branch) { $0.isEmpty ? "found the empty text; leave the key out instead" : nil }
    if reader.has("strategy") {
      var chosen = Strategy.auto
      reader.choice("strategy", into: &chosen)
      strategy = chosen
    } else {
      _ = reader.value("strategy")
    }
    reader.strings("requires", into: &requires, problem: badName)
    readParameters(&reader)
    readTasks(&reader)
    reader.finish()
    try problems.throwIfAny()
  }

  private mutating func readParameters(_ reader: inout TableReader) {
    var read: [Parameter] = []
    reader.section("parameters") { reader in
      for name in reader.ownKeys {
        let isPlaceholder = Template("{\(name)}").placeholders == [name]
        if !isPlaceholder {
          reader.add("no placeholder can have this name; expected a-z, 0-9 and _, a letter first", at: name)
        }
        if SkillFile.reserved.contains(name) {
          reader.add("{\(name)} has a meaning of its own in tasks; choose another name", at: name)
        }
        reader.section(name) { reader in
          var parameter = Parameter(name: name)
          reader.choice("type", into: &parameter.type)
          reader.string("description", into: &parameter.description)
          reader.strings("choices", into: &parameter.choices) { $0.isEmpty ? "a choice can't be empty" : nil }
          if parameter.type == .choice, parameter.choices.isEmpty {
            reader.add("a choice needs choices = [\"one\", \"other\"]", at: "type")
          } else if parameter.type != .choice, !parameter.choices.isEmpty {
            reader.add("only a parameter with type = \"choice\" has these", at: "choices")
          }
          readDefault(&reader, &parameter)
          var required = parameter.defaultValue == nil
          reader.boolean("required", into: &required)
          if required, parameter.defaultValue != nil {
            reader.add("a parameter with a default is never missing; leave one of the two out", at: "required")
          }
          parameter.required = required
          read.append(parameter)
        }
      }
    }
    parameters = read
  }

  private func readDefault(_ reader: inout TableReader, _ parameter: inout Parameter) {
    guard let found = reader.value("default") else { return }
    let given: JSON?
    switch (found, parameter.type) {
    case (.integer(let value), .integer), (.integer(let value), .number): given = .int(Int64(value))
    case (.number(let value), .number): given = .double(value)
    case (.boolean(let value), .boolean): given = .bool(value)
    case (.string(let text), .string), (.string(let text), .path), (.string(let text), .choice): given = .string(text)
    case (.array, .list):
      var items: [String] = []
      reader.strings("default", into: &items)
      given = items.json
    default: given = nil
    }
    // A default that is wrong is told once, and does not make the parameter required.
    parameter.defaultValue = .text("")
    guard let given else {
      return reader.mismatch("default", found, expected: parameter.type.inAFile)
    }
    do throws(SkillError) { parameter.defaultValue = try parameter.value(given) } catch {
      if case .choice = parameter.type, parameter.choices.isEmpty { return }
      reader.add(error.message, at: "default")
    }
  }

  private mutating func readTasks(_ reader: inout TableReader) {
    var prelude = ""
    reader.string("prelude", into: &prelude)
    if !prelude.isEmpty, !prelude.hasSuffix("\n") { prelude += "\n" }
    let known = parameters.map(\.name)
    reader.check(Template(prelude), "prelude", known)
    reader.required("tasks")
    var read: [TaskTemplate] = []
    reader.sections("tasks") { reader in
      var task = TaskTemplate()
      task.read(&reader, prelude: prelude, skill: self)
      if read.contains(where: { $0.name == task.name }), !task.name.isEmpty {
        reader.add("another task is called \"\(task.name)\" too", at: "name")
      }
      read.append(task)
    }
    tasks = read
    if reader.has("tasks"), !(1...SkillFile.maxTasks).contains(read.count) {
      reader.add("found \(read.count) tasks; expected 1 to \(SkillFile.maxTasks)", at: "tasks")
    }
    checkDependencies(reader)
    for (index, task) in read.enumerated() {
      if let skill = task.skill, !requires.contains(skill) {
        reader.add(
          "\"\(skill)\" is not in requires = [\(requires.map { "\"\($0)\"" }.joined(separator: ", "))]",
          at: "tasks[\(index)].skill")
      }
    }
    for (index, name) in requires.enumerated() where !read.contains(where: { $0.skill == name }) {
      reader.add("no step runs the skill \"\(name)\"; give a step skill = \"\(name)\"", at: "requires[\(index)]")
    }
  }

  /// Every dependency names another task of the skill, and none waits for itself through others.
  private func checkDependencies(_ reader: TableReader) {
    let names = tasks.map(\.name)
    var isComplete = true
    for (index, task) in tasks.enumerated() {
      for dependency in task.after where !names.contains(dependency.task) {
        isComplete = false
        let near = suggestion(for: dependency.task, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
        reader.add("no task is called \"\(dependency.task)\"\(near)", at: "tasks[\(index)].after")
      }
    }
    guard isComplete else { return }
    // Tasks whose dependencies are all settled are taken out until none is left; what stays waits in a circle.
    var left = tasks
    while let next = left.firstIndex(where: { task in
      !task.after.contains { name in left.contains { $0.name == name.task } }
    }) {
      left.remove(at: next)
    }
    guard let first = left.first, let index = names.firstIndex(of: first.name) else { return }
    reader.add(
      "these tasks wait for each other in a circle: \(left.map(\.name).joined(separator: ", "))",
      at: "tasks[\(index)].after")
  }
}

extension SkillFile {
  /// Placeholders that Jarvis fills itself.
  static let reserved = ["item", "index", "outputs"]
}

extension SkillParameterType {
  /// How a default is written.
  fileprivate var inAFile: String {
    switch self {
    case .integer: "a whole number without quotes"
    case .number: "a number without quotes"
    case .boolean: "true or false"
    case .list: "a list of texts: [\"one\", \"two\"]"
    case .string, .path, .choice: "text in quotes"
    }
  }
}

extension TaskTemplate {
  fileprivate mutating func read(_ reader: inout TableReader, prelude: String, skill: SkillFile) {
    let known = skill.parameters.map(\.name)
    reader.required("name")
    reader.string("name", into: &name) { name in
      badName(name) ?? (name.contains(".") ? "a dot parts a step from its tasks; use - instead" : nil)
    }
    readAfter(&reader)
    readEach(&reader, parameters: skill.parameters)
    if let producer = each?.source.producer, !after.contains(where: { $0.task == producer }) {
      after.append(SkillDependency(task: producer, condition: .success))
    }
    let parameters = known + (each == nil ? [] : ["item", "index"]) + (after.isEmpty ? [] : ["outputs"])
    if reader.has("skill") { return readSkill(&reader, parameters: parameters) }
    reader.template("description", into: &description, parameters)
    reader.string("type", into: &type, problem: badName)
    reader.choice("priority", into: &priority)
    readWork(&reader, prelude: prelude, parameters: parameters)
    reader.string("runner", into: &runner, problem: badName)
    if reader.has("cwd") {
      var folder = Template("")
      reader.template("cwd", into: &folder, parameters)
      cwd = folder
    } else {
      _ = reader.value("cwd")
    }
    reader.section("limits") { reader in
      reader.size("memory", into: &limits.memory, in: (1 << 20)...Config.largestSize)
      reader.number("cpu", into: &limits.cpu, in: 0.001...10_000)
      reader.integer("pids", into: &limits.pids, in: 1...4_194_304)
      reader.duration("time", into: &limits.time, in: 0.1...Config.longest)
      reader.size("output", into: &limits.output, in: 4096...Config.largestSize)
    }
    reader.section("env") { reader in
      for key in reader.ownKeys {
        if key.isEmpty || key.contains("=") { reader.add("this can't be a variable's name", at: key) }
        var value = Template("")
        reader.template(key, into: &value, parameters)
        environment[key] = value
      }
    }
    reader.integer("retries", into: &retries, in: 0...100)
    if reader.has("isolation") {
      var chosen = Isolation.shared
      reader.choice("isolation", into: &chosen)
      isolation = chosen
    } else {
      _ = reader.value("isolation")
    }
    _ = reader.value("skill")
  }

  /// A step that runs another skill.
  private mutating func readSkill(_ reader: inout TableReader, parameters: [String]) {
    reader.string("skill", into: &skill, problem: badName)
    reader.template("description", into: &description, parameters)
    reader.section("with") { reader in
      for key in reader.ownKeys {
        guard case .array? = reader.value(key) else {
          var value = Template("")
          switch reader.value(key) {
          case .integer(let number)?: value = Template("\(number)")
          case .number(let number)?: value = Template("\(number)")
          case .boolean(let flag)?: value = Template("\(flag)")
          default: reader.template(key, into: &value, parameters)
          }
          with[key] = [value]
          continue
        }
        var texts: [String] = []
        reader.strings(key, into: &texts)
        let templates = texts.map(Template.init)
        for template in templates { reader.check(template, key, parameters) }
        with[key] = templates
      }
    }
  }

  /// `each = { glob = "src/**/*.swift" }`, or `list`, `count`, `lines`, `json`; with `max`.
  private mutating func readEach(_ reader: inout TableReader, parameters: [SkillFile.Parameter]) {
    let known = parameters.map(\.name)
    var read: Each?
    reader.section("each") { reader in
      let kinds = ["glob", "list", "count", "lines", "json"]
      let given = kinds.filter { reader.has($0) }
      for kind in kinds { _ = reader.value(kind) }
      var source = Each.Source.list([])
      switch given.first {
      case "glob"?:
        var pattern = Template("")
        reader.template("glob", into: &pattern, known)
        source = .glob(pattern)
      case "list"?:
        if case .string(let text)? = reader.value("list") {
          let template = Template(text)
          reader.check(template, "list", known)
          let isList = parameters.contains { $0.type == .list && template.placeholders == [$0.name] }
          if !isList {
            reader.add("one text is one item; expected a list, or \"{name}\" of a list parameter", at: "list")
          }
          source = .list([template])
        } else {
          var texts: [String] = []
          reader.strings("list", into: &texts)
          for text in texts { reader.check(Template(text), "list", known) }
          source = .list(texts.map(Template.init))
        }
      case "count"?:
        if case .integer(let number)? = reader.value("count") {
          source = .count(Template("\(number)"))
        } else {
          var number = Template("")
          reader.template("count", into: &number, known)
          source = .count(number)
        }
      case let kind?:
        var step = ""
        reader.string(kind, into: &step, problem: badName)
        source = kind == "lines" ? .lines(step) : .json(step)
      case nil: reader.problems.add("expected one of \(kinds.joined(separator: ", "))", at: reader.path)
      }
      if given.count > 1 {
        reader.add("only one of \(kinds.joined(separator: ", ")) can give the items", at: given[1])
      }
      var each = Each(source: source)
      reader.integer("max", into: &each.max, in: 1...5000)
      read = each
    }
    each = read
  }

  private mutating func readWork(_ reader: inout TableReader, prelude: String, parameters: [String]) {
    var line: String?
    reader.string("shell", into: &line) { $0.allSatisfy(\.isWhitespace) ? "the line is empty" : nil }
    if let line {
      reader.check(Template(line), "shell", parameters)
      // Checked with the prelude, which could leave a quote open.
      let template = Template(prelude + line)
      if let (name, reason) = ShellText.unsafePlaceholder(in: template) {
        reader.add("{\(name)} \(reason)", at: "shell")
      }
      work = .shell(template)
    }
    if case .string? = reader.value("command") {
      return reader.add("found text; expected a list: [\"program\", \"argument\"] (or shell = \"…\")", at: "command")
    }
    guard reader.has("command") else {
      if line == nil, !reader.has("shell"), description.parts.isEmpty {
        reader.add("the task has nothing to do; expected command, shell, or a description for an agent", at: "name")
      }
      return
    }
    if line != nil { reader.add("the task has shell too; expected one of the two", at: "command") }
    var argv: [String] = []
    reader.strings("command", into: &argv)
    if argv.first?.isEmpty ?? true { reader.add("expected a program as its first text", at: "command") }
    work = .argv(argv.map(Template.init))
    for template in argv.map(Template.init) { reader.check(template, "command", parameters) }
  }

  /// `"build"`, `"build:any"` or `{task = "build", on = "any"}`, as in a submission.
  private mutating func readAfter(_ reader: inout TableReader) {
    guard let found = reader.value("after") else { return }
    guard case .array(let elements) = found else {
      return reader.mismatch("after", found, expected: "a list of tasks: [\"build\", \"lint:any\"]")
    }
    for (index, element) in elements.enumerated() {
      let key = "after[\(index)]"
      switch element {
      case .string(let text):
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2 else {
          after.append(SkillDependency(task: text, condition: .success))
          continue
        }
        guard let condition = AfterCondition(rawValue: halves[1]) else {
          let allowed = AfterCondition.allCases.map(\.rawValue).joined(separator: ", ")
          reader.add("found \"\(halves[1])\" after the colon; expected one of \(allowed)", at: key)
          continue
        }
        after.append(SkillDependency(task: halves[0], condition: condition))
      case .table(let table):
        var inner = TableReader(reader.problems, table: table, path: reader.path(of: key))
        var dependency = SkillDependency(task: "", condition: .success)
        inner.required("task")
        inner.string("task", into: &dependency.task)
        inner.choice("on", into: &dependency.condition)
        inner.finish()
        if inner.has("task") { after.append(dependency) }
      default: reader.mismatch(key, element, expected: "a task's name")
      }
    }
  }
}

extension TableReader {
  fileprivate mutating func template(_ key: String, into target: inout Template, _ parameters: [String]) {
    var text: String?
    string(key, into: &text)
    guard let text else { return }
    target = Template(text)
    check(target, key, parameters)
  }

  fileprivate func check(_ template: Template, _ key: String, _ parameters: [String]) {
    for name in Set(template.placeholders).sorted() where !parameters.contains(name) {
      let near = suggestion(for: name, among: parameters).map { "did you mean {\($0)}?" }
      add(
        "unknown placeholder {\(name)}; \(near ?? "there is no [parameters.\(name)]") "
          + "({{\(name)}} stands for the text itself)", at: key)
    }
  }
}
