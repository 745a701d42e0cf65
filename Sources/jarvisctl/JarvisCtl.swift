import ArgumentParser
import JarvisProtocol

/// The root of the command line: only its verbs do something.
struct JarvisCtl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jarvisctl",
    abstract: "Runs tasks in parallel, as many as the machine can bear.",
    discussion: """
      EXAMPLE
        $ jarvisctl run --name tests -- make test
        $ jarvisctl status
        $ jarvisctl logs t1 -f

      The options --socket PATH, --json and --color auto|always|never may stand before or after the verb.

      EXIT STATUS
        0 done; 1 the request was refused, or a task that was waited for did not succeed; 2 usage; 3 no daemon; \
      4 timed out.
      """,
    version: jarvisVersion,
    subcommands: [
      Spawn.self, Run.self, Status.self, Top.self, Show.self, Why.self, Logs.self, ResultVerb.self, Ask.self, Wait.self,
      Cancel.self,
      Pause.self, Resume.self, Retry.self, Edit.self, BatchVerb.self, WorktreeVerb.self,
      SkillVerb.self, Learn.self, Hive.self, Stats.self,
      Events.self, Drain.self, Doctor.self, ConfigVerb.self, Simulate.self, Call.self, MCP.self, Completions.self,
    ])
}

/// The configuration of one verb, laid out alike for all.
func verb(
  _ name: String, _ abstract: String, example: String, more: String = "",
  subcommands: [any ParsableCommand.Type] = [], defaultSubcommand: (any ParsableCommand.Type)? = nil,
  aliases: [String] = []
) -> CommandConfiguration {
  let examples = example.split(separator: "\n").map { "  $ \($0)" }.joined(separator: "\n")
  return CommandConfiguration(
    commandName: name, abstract: abstract, discussion: (more.isEmpty ? "" : more + "\n\n") + "EXAMPLE\n" + examples,
    subcommands: subcommands, defaultSubcommand: defaultSubcommand, aliases: aliases)
}
