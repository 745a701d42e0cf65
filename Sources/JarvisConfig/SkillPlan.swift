import JarvisProtocol

/// A task that a skill makes, as it stands in the batch.
public struct PlannedTask: Sendable, Equatable {
  /// What it is to the batch.
  public enum Kind: Sendable, Equatable {
    /// It runs something.
    case work
    /// It runs nothing: it is over when the tasks that it depends on are, and succeeds if all of them did.
    case group
    /// It runs nothing: when the tasks that it depends on are over, it becomes the tasks of this step, and their group.
    case expansion(SkillStep)
  }

  /// Names are whole: `STEP`, `STEP.1`, `STEP.1.INNER`.
  public var task: SkillTask
  /// What it is to the batch.
  public var kind: Kind
  /// Where the outputs of what it depends on are to be when it starts; nil where it does not ask for them.
  public var inputs: String?
}

/// A step whose items are known only when another step has ended.
public struct SkillStep: Sendable, Hashable {
  /// The skill that it is a step of.
  public var skill: String
  /// The values of that skill's parameters.
  public var values: [String: SkillValue]
  /// The step's name in the skill.
  public var step: String
  /// What stands before the names of the skill's steps in the batch: empty, or `STEP.`.
  public var prefix: String
  /// The whole name of the step that writes the items.
  public var producer: String

  /// A step.
  public init(skill: String, values: [String: SkillValue], step: String, prefix: String, producer: String) {
    self.skill = skill
    self.values = values
    self.step = step
    self.prefix = prefix
    self.producer = producer
  }
}

/// Skills, and those that they require, as tasks. Pure: what is in folders is asked from `glob`.
public struct SkillExpansion {
  /// Paths that match a pattern, sorted; a sentence for people where the pattern can't be used.
  public typealias Glob = (_ pattern: String, _ most: Int) throws(SkillError) -> [String]

  /// A tree of skills is at most this deep.
  static let maxDepth = 16

  private let skills: [String: SkillFile]
  private let inputs: String
  private let most: Int
  private let glob: Glob
  private var tasks: [PlannedTask] = []

  /// - Parameters:
  ///   - skills: the skill and all that it requires.
  ///   - inputs: the folder below which tasks find the outputs of others.
  ///   - most: the most tasks.
  ///   - glob: looks for files.
  public init(skills: [String: SkillFile], inputs: String, most: Int, glob: @escaping Glob) {
    self.skills = skills
    self.inputs = inputs
    self.most = most
    self.glob = glob
  }

  /// All tasks of a skill that can be known now.
  public mutating func plan(
    _ name: String, values: [String: SkillValue], prefix: String = "", after: [SkillDependency] = []
  ) throws(SkillError) -> [PlannedTask] {
    tasks = []
    _ = try add(skill: name, values, prefix: prefix, after: after, depth: 0)
    return tasks
  }

  /// The tasks of a step whose items are known now; all that it depends on is over.
  public mutating func tasks(of step: SkillStep, items: [String]) throws(SkillError) -> [PlannedTask] {
    tasks = []
    guard let skill = skills[step.skill], let template = skill.tasks.first(where: { $0.name == step.step }) else {
      throw SkillError("the skill \"\(step.skill)\" has no step \"\(step.step)\"")
    }
    _ = try instances(
      of: template, items: items, step.values, prefix: step.prefix, after: [],
      depth: step.prefix.count { $0 == "." })
    return tasks
  }

  /// The items that a step's output holds. Empty lines are none.
  public static func items(in output: String, of step: SkillStep, skills: [String: SkillFile]) throws(SkillError)
    -> [String]
  {
    guard let template = skills[step.skill]?.tasks.first(where: { $0.name == step.step }) else {
      throw SkillError("the skill \"\(step.skill)\" has no step \"\(step.step)\"")
    }
    guard case .json? = template.each?.source else {
      return output.split(whereSeparator: \.isNewline).map { trimmed($0) }.filter { !$0.isEmpty }
    }
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: output) } catch {
      throw SkillError("\(step.producer) did not write a JSON list: \(error)")
    }
    guard case .array(let elements) = json else {
      throw SkillError("\(step.producer) wrote \(json.kind); expected a JSON list")
    }
    // What stands in an argument can't have a NUL.
    let items = elements.map { if case .string(let text) = $0 { text } else { $0.text } }
    if items.contains(where: { $0.utf8.contains(0) }) {
      throw SkillError("\(step.producer) wrote a text with a NUL character, which no command can carry")
    }
    return items
  }

  // MARK: Steps

  /// Adds a skill's tasks; answers with the whole names of its steps.
  private mutating func add(
    skill name: String, _ values: [String: SkillValue], prefix: String, after outer: [SkillDependency], depth: Int
  ) throws(SkillError) -> [String] {
    guard let skill = skills[name] else { throw SkillError("the skill \"\(name)\" is required, and is not there") }
    guard depth < Self.maxDepth else {
      throw SkillError("the skill \"\(name)\" is required \(Self.maxDepth) levels deep; skills must not nest deeper")
    }
    var names: [String] = []
    for template in skill.tasks {
      var after = template.after.map { SkillDependency(task: prefix + $0.task, condition: $0.condition) }
      if after.isEmpty { after = outer }
      names.append(prefix + template.name)
      try add(template, of: name, values, prefix: prefix, after: after, depth: depth)
    }
    return names
  }

  private mutating func add(
    _ template: TaskTemplate, of skill: String, _ values: [String: SkillValue], prefix: String,
    after: [SkillDependency], depth: Int
  ) throws(SkillError) {
    let name = prefix + template.name
    guard let each = template.each else {
      guard let inner = template.skill else {
        return try append(work(template, values, name: name, after: after))
      }
      let with = try self.values(of: template, skill: inner, values)
      let steps = try add(skill: inner, with, prefix: name + ".", after: after, depth: depth + 1)
      return try append(group(template, name, steps, what: "the skill \(inner)"))
    }
    if let producer = each.source.producer {
      let step = SkillStep(
        skill: skill, values: values, step: template.name, prefix: prefix, producer: prefix + producer)
      var task = group(template, name, [], what: "one task for each item that \(producer) writes")
      task.task.after = after
      task.kind = .expansion(step)
      return try append(task)
    }
    let items = try self.items(of: each, values, name)
    let members = try instances(of: template, items: items, values, prefix: prefix, after: after, depth: depth)
    try append(group(template, name, members, what: "\(items.count) \(items.count == 1 ? "task" : "tasks")"))
  }

  /// One task, or one sub-tree of tasks, for each item; answers with their names.
  private mutating func instances(
    of template: TaskTemplate, items: [String], _ values: [String: SkillValue], prefix: String,
    after: [SkillDependency], depth: Int
  ) throws(SkillError) -> [String] {
    let most = template.each?.max ?? 0
    guard items.count <= most else {
      throw SkillError(
        "the step \"\(prefix + template.name)\" would become \(items.count) tasks, more than its max = \(most)")
    }
    var names: [String] = []
    for (index, item) in items.enumerated() {
      let name = "\(prefix)\(template.name).\(index + 1)"
      var values = values
      values["item"] = .text(item)
      values["index"] = .text("\(index + 1)")
      if let inner = template.skill {
        let with = try self.values(of: template, skill: inner, values)
        let steps = try add(skill: inner, with, prefix: name + ".", after: after, depth: depth + 1)
        try append(group(template, name, steps, what: "the skill \(inner) for \(item)"))
      } else {
        try append(work(template, values, name: name, after: after))
      }
      names.append(name)
    }
    return names
  }

  private func work(
    _ template: TaskTemplate, _ values: [String: SkillValue], name: String, after: [SkillDependency]
  ) -> PlannedTask {
    let usesOutputs = template.uses("outputs")
    let folder = "\(inputs)/\(name)"
    var values = values
    if usesOutputs { values["outputs"] = .text(folder) }
    var task = template.filled(values, name: name, after: after)
    if usesOutputs { task.environment["JARVIS_OUTPUTS"] = folder }
    if case .text(let item)? = values["item"] { task.environment["JARVIS_ITEM"] = item }
    return PlannedTask(task: task, kind: .work, inputs: usesOutputs ? folder : nil)
  }

  private func group(_ template: TaskTemplate, _ name: String, _ members: [String], what: String) -> PlannedTask {
    let task = SkillTask(
      name: name, description: "the step \(name): \(what)", type: "skill-step", priority: template.priority,
      work: .shell(":"), runner: nil, cwd: nil,
      after: members.map { SkillDependency(task: $0, condition: .any) }, limits: SkillLimits(), environment: [:],
      retries: 0, isolation: nil)
    return PlannedTask(task: task, kind: .group, inputs: nil)
  }

  private mutating func append(_ task: PlannedTask) throws(SkillError) {
    guard tasks.count < most else { throw SkillError("the skill makes more than \(most) tasks; lower a step's max") }
    guard task.task.name.utf8.count <= 128 else {
      throw SkillError(
        "the name \"\(task.task.name.prefix(40))…\" has more than 128 bytes; use shorter names for steps")
    }
    tasks.append(task)
  }

  // MARK: Items

  private func items(
    of each: TaskTemplate.Each, _ values: [String: SkillValue], _ name: String
  ) throws(SkillError) -> [String] {
    switch each.source {
    case .glob(let pattern):
      let text = pattern.filled { values[$0]?.text ?? "" }
      let paths = try glob(text, each.max)
      guard !paths.isEmpty else { throw SkillError("the step \"\(name)\" has nothing to do: no file matches \(text)") }
      return paths
    case .list(let templates):
      let items = templates.flatMap { $0.items(values) }
      guard !items.isEmpty else { throw SkillError("the step \"\(name)\" has nothing to do: its list is empty") }
      return items
    case .count(let template):
      let text = template.filled { values[$0]?.text ?? "" }
      guard let number = Int(text), number >= 1 else {
        throw SkillError("the step \"\(name)\" has the count \"\(text.prefix(40))\"; expected a whole number from 1 on")
      }
      // Not made before it is known to be few enough.
      guard number <= each.max else {
        throw SkillError("the step \"\(name)\" would become \(number) tasks, more than its max = \(each.max)")
      }
      return (1...number).map { "\($0)" }
    case .lines, .json: return []
    }
  }

  /// The values that a step passes on to the skill that it runs.
  private func values(
    of template: TaskTemplate, skill name: String, _ values: [String: SkillValue]
  ) throws(SkillError) -> [String: SkillValue] {
    guard let skill = skills[name] else { throw SkillError("the skill \"\(name)\" is required, and is not there") }
    var given: [String: JSON] = [:]
    for (key, templates) in template.with {
      let isList = skill.parameters.contains { $0.name == key && $0.type == .list }
      let items = templates.flatMap { $0.items(values) }
      given[key] = isList ? items.json : .string(items.joined(separator: ", "))
    }
    do throws(SkillError) { return try skill.values(given) } catch {
      throw SkillError("the step \"\(template.name)\" can't run the skill \"\(name)\": \(error)")
    }
  }
}
