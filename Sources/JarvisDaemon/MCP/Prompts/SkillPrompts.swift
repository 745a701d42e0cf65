import JarvisConfig
import JarvisProtocol

/// Each skill as a prompt: it tells the model to run it, and what to do with what comes of it.
struct SkillPrompts: PromptSource {
  func all() -> [PromptTemplate] {
    SkillLibrary.load().files.values.sorted { $0.name < $1.name }.map { skill in
      PromptTemplate(
        name: skill.name, description: skill.description,
        arguments: skill.parameters.map { parameter in
          let standard = parameter.defaultValue.map { "default: \($0)" }
          return PromptTemplate.Argument(
            name: parameter.name,
            description: [parameter.description, standard].compactMap { $0 }.filter { !$0.isEmpty }
              .joined(separator: "; "),
            isRequired: parameter.required && parameter.defaultValue == nil,
            choices: parameter.defaultValue.map { [$0] } ?? [])
        })
    }
  }

  func text(_ name: String, _ arguments: [String: String]) throws(RPC.Failure) -> String {
    guard let skill = SkillLibrary.load().files[name] else {
      throw RPC.Failure(.invalidParams, "there is no skill \"\(name.prefix(60))\"")
    }
    let tasks: [TaskSpec]
    do throws(SkillError) { tasks = try skill.instantiate(parameters: arguments).map { TaskSpec($0) } } catch {
      throw RPC.Failure(
        .invalidParams, error.description, data: ["field": .string("params.arguments.\(error.parameter)")])
    }
    var text = "Run the Jarvis skill \"\(name)\""
    text += skill.description.isEmpty ? ".\n\n" : ": \(skill.description)\n\n"
    if MCPTools.has("run_skill") {
      let call: JSON = ["name": .string(name), "parameters": arguments.json]
      text += "Call the tool `run_skill` once with\n\n```json\n\(call.text)\n```\n\n"
    } else {
      var call: JSONObject = ["tasks": tasks.json]
      call["branch_id"] = skill.branch.map { .string($0) }
      call["strategy"] = skill.strategy?.json
      text += "Call the tool `spawn_parallel_tasks` once with exactly\n\n```json\n\(JSON.object(call).text)\n```\n\n"
    }
    return text
      + "Then call `wait_for_tasks` with the batch's id until all are over, read what you need with `get_task_result`, and "
      + "report to the user what was found: what matters most first, and what failed with its reason."
  }
}
