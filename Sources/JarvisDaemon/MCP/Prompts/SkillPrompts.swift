import JarvisProtocol

/// Each skill as a prompt: it tells the model to run it, and what to do with what comes of it.
struct SkillPrompts: PromptSource {
  let watch: SkillWatch

  func follow() async { await watch.start() }

  func all() -> [PromptTemplate] {
    SkillLibrary.list().sorted { $0.name < $1.name }.map { skill in
      PromptTemplate(
        name: skill.name, description: skill.description,
        arguments: skill.parameters.map { parameter in
          let standard = parameter.defaultValue.map(words)
          return PromptTemplate.Argument(
            name: parameter.name,
            description: [parameter.description, standard.map { "default: \($0)" } ?? ""].filter { !$0.isEmpty }
              .joined(separator: "; "),
            isRequired: parameter.required && parameter.defaultValue == nil,
            choices: parameter.choices.isEmpty ? standard.map { [$0] } ?? [] : parameter.choices)
        })
    }
  }

  func text(_ name: String, _ arguments: [String: String]) throws(RPC.Failure) -> String {
    try SkillLibrary.promptText(name, arguments.mapValues { .string($0) })
  }

  /// A default as a person would type it.
  private func words(_ value: JSON) -> String {
    if case .string(let text) = value { return text }
    return value.text
  }
}
