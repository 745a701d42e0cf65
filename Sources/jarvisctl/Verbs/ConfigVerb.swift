import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

/// `jarvisctl config`
struct ConfigVerb: ParsableCommand {
  static let configuration = verb(
    "config", "Checks the configuration, and has the daemon read it again.",
    example: """
      jarvisctl config check
      jarvisctl config reload
      """,
    subcommands: [Check.self, Reload.self])

  /// `jarvisctl config check`
  struct Check: ParsableCommand {
    static let configuration = verb(
      "check", "Reads a configuration file as the daemon would, and says what is wrong with it.",
      example: "jarvisctl config check ~/.config/jarvis/jarvis.toml",
      more: "It needs no daemon: it runs `jarvisd --check-config`, whose exit status is this one's.")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The file (default: the one that the daemon would read).", completion: .file(extensions: ["toml"]))
    var file: String?

    func run() throws {
      let arguments = ["--check-config"] + (file.map { [$0] } ?? [])
      guard globals.json else { throw SiblingProgram.become("jarvisd", arguments) }
      let outcome = try SiblingProgram.output(of: "jarvisd", arguments)
      let text = String(decoding: outcome.bytes, as: UTF8.self)
      let result: JSON = ["valid": .bool(outcome.status == 0), "output": .string(text)]
      put(result.text + "\n")
      if outcome.status != 0 { throw ExitCode(outcome.status) }
    }
  }

  /// `jarvisctl config reload`
  struct Reload: ParsableCommand {
    static let configuration = verb(
      "reload", "Has the daemon read its configuration again; a bad file is refused and the old one stays in force.",
      example: "jarvisctl config reload")

    @OptionGroup var globals: GlobalOptions

    func run() throws {
      try globals.perform(DaemonReload.self, Empty()) { result in
        let changed = result.changed.isEmpty ? "nothing changed" : "changed: \(result.changed.joined(separator: ", "))"
        let later =
          result.needRestart.isEmpty ? "" : "; at the next start only: \(result.needRestart.joined(separator: ", "))"
        return escaped("\(result.configFile ?? "defaults") read, \(changed)\(later)") + "\n"
      }
    }
  }
}
