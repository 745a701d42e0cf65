import ArgumentParser
import JarvisProtocol

/// `jarvisctl completions`
struct Completions: ParsableCommand {
  static let configuration = verb(
    "completions", "Prints the completion script of a shell.",
    example: """
      jarvisctl completions bash > ~/.local/share/bash-completion/completions/jarvisctl
      jarvisctl completions zsh > ~/.zfunc/_jarvisctl
      jarvisctl completions fish > ~/.config/fish/completions/jarvisctl.fish
      """)

  /// The shells that there are scripts for.
  enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish
  }

  @OptionGroup var globals: GlobalOptions

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  func run() throws {
    let script: String =
      switch shell {
      case .bash: JarvisCtl.completionScript(for: .bash)
      case .zsh: JarvisCtl.completionScript(for: .zsh)
      case .fish: JarvisCtl.completionScript(for: .fish)
      }
    put(globals.json ? JSON.string(script).text + "\n" : script)
  }
}
