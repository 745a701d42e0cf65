import ArgumentParser
import JarvisProtocol

/// `jarvisctl resume`
struct Resume: ParsableCommand {
  static let configuration = verb(
    "resume", "Lets paused tasks go on.", example: "jarvisctl resume t42")

  @OptionGroup var globals: GlobalOptions
  @OptionGroup var tasks: SelectionOptions

  func run() throws {
    try globals.perform(TaskResume.self, tasks.selection()) { changedTasks($0.tasks, on: globals.screen) }
  }
}
