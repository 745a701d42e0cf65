import JarvisProtocol

/// How skills require each other.
public enum SkillForest {
  /// A skill and everything that it requires.
  /// - Throws: what is missing, broken, or requires itself, as a sentence.
  public static func tree(of name: String, in all: LoadedFiles<SkillFile>) throws(SkillError) -> [String: SkillFile] {
    var found: [String: SkillFile] = [:]
    var path: [String] = []
    try walk(name, all, &path, &found)
    return found
  }

  private static func walk(
    _ name: String, _ all: LoadedFiles<SkillFile>, _ path: inout [String], _ found: inout [String: SkillFile]
  ) throws(SkillError) {
    if let start = path.firstIndex(of: name) {
      throw SkillError(
        "these skills require each other in a circle: \((path[start...] + [name]).joined(separator: " → "))")
    }
    guard found[name] == nil else { return }
    guard path.count < SkillExpansion.maxDepth else {
      throw SkillError(
        "skills require each other more than \(SkillExpansion.maxDepth) levels deep: \(path.joined(separator: " → "))")
    }
    guard let skill = all.files[name] else { throw missing(name, all, requiredBy: path.last) }
    path.append(name)
    for required in skill.requires { try walk(required, all, &path, &found) }
    path.removeLast()
    found[name] = skill
    for step in skill.tasks { try check(step, of: name, found) }
  }

  private static func missing(_ name: String, _ all: LoadedFiles<SkillFile>, requiredBy: String?) -> SkillError {
    let by = requiredBy.map { "the skill \"\($0)\" requires \"\(name)\": " } ?? ""
    if let broken = all.diagnostics.first(where: { $0.severity == .error && $0.file.hasSuffix("/\(name).toml") }) {
      return SkillError("\(by)the skill \"\(name)\" can't be used: \(broken)")
    }
    let known = all.files.keys.sorted()
    let near = suggestion(for: name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
    let list = known.isEmpty ? "none" : known.joined(separator: ", ")
    return SkillError("\(by)there is no skill \"\(name.prefix(60))\" (known: \(list))\(near)")
  }

  /// What a step passes on must be what the skill that it runs asks for.
  private static func check(_ step: TaskTemplate, of owner: String, _ found: [String: SkillFile]) throws(SkillError) {
    guard let name = step.skill, let skill = found[name] else { return }
    let known = skill.parameters.map(\.name)
    for key in step.with.keys.sorted() where !known.contains(key) {
      let near = suggestion(for: key, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
      throw SkillError(
        "the step \"\(step.name)\" of \"\(owner)\" gives \"\(name)\" a parameter \"\(key)\" that it does not have\(near)"
      )
    }
    for parameter in skill.parameters where parameter.required && step.with[parameter.name] == nil {
      throw SkillError(
        "the step \"\(step.name)\" of \"\(owner)\" must give \"\(name)\" its parameter \"\(parameter.name)\"")
    }
  }
}

/// A step as `skill show` tells of it.
public struct SkillStepSummary: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// What it does, with its placeholders.
  public var description: String
  /// `one for each file of {path}/*.md`; nil for a single task.
  public var fanOut: String?
  /// The skill that it runs; nil for tasks of its own.
  public var skill: String?
  /// The steps that it waits for, and what they must have come to.
  public var after: [SkillDependency]
  /// command, the runner's name, or agent.
  public var runner: String
}

extension SkillFile {
  /// Its steps in the order of the file.
  public var steps: [SkillStepSummary] {
    tasks.map { task in
      let fanOut: String? =
        switch task.each?.source {
        case .glob(let pattern)?: "each file that matches \(pattern.text)"
        case .list(let items)?: "each of \(items.map(\.text).joined(separator: ", "))"
        case .count(let count)?: "each number up to \(count.text)"
        case .lines(let step)?: "each line that \(step) writes"
        case .json(let step)?: "each element of the JSON list that \(step) writes"
        case nil: nil
        }
      let isPrompt = if case .prompt = task.work { true } else { false }
      return SkillStepSummary(
        name: task.name, description: task.description.text,
        fanOut: fanOut.map { "\($0), at most \(task.each?.max ?? 0)" },
        skill: task.skill, after: task.after,
        runner: task.skill == nil ? task.runner ?? (isPrompt ? "agent" : "command") : "skill")
    }
  }
}

extension Template {
  /// As it is written, placeholders in braces.
  var text: String { filled { "{\($0)}" } }
}
