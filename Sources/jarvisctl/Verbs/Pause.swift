import ArgumentParser
import JarvisProtocol

/// `jarvisctl pause`
struct Pause: ParsableCommand {
  static let configuration = verb(
    "pause", "Freezes running tasks and holds queued ones back.", example: "jarvisctl pause t42")

  @OptionGroup var globals: GlobalOptions
  @OptionGroup var tasks: SelectionOptions

  func run() throws {
    try globals.perform(TaskPause.self, tasks.selection()) { changedTasks($0.tasks, on: globals.screen) }
  }
}
