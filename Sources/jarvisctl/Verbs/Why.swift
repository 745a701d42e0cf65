import ArgumentParser
import JarvisProtocol

/// `jarvisctl why`
struct Why: ParsableCommand {
  static let configuration = verb(
    "why", "Says why a task is where it is, in a sentence and in numbers.", example: "jarvisctl why t42")

  @OptionGroup var globals: GlobalOptions

  @Argument(help: ArgumentHelp("The task.", valueName: "id"), completion: taskIDs)
  var id: TaskID

  func run() throws {
    try globals.perform(TaskWhy.self, TaskReference(id: id)) { why in
      let screen = globals.screen
      let numbers = why.numbers.sorted { $0.key < $1.key }.map { ("  " + $0.key, Optional(Format.number($0.value))) }
      return "\(why.id) \(screen.paint(why.state.rawValue, style(of: why.state))): \(escaped(why.reason))\n"
        + fieldList([("  rule", why.kind)] + numbers, on: screen)
    }
  }
}
