import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

/// The program as a process: its arguments, errors and exit status.
enum Process {
  /// Options before the verb, and the arguments without them.
  static let commandLine = LeadingOptions.split(Array(CommandLine.arguments.dropFirst()))

  /// Runs the verb and returns the exit status: 0 done, 1 refused or not succeeded, 2 usage, 3 no daemon, 4 timed out.
  static func main() -> Int32 {
    let arguments = commandLine.rest
    if commandLine.fault == nil, let isVerbose = plainBridge(arguments) {
      MCP.bridge(to: SocketPath.find(named: commandLine.socket), isVerbose: isVerbose)
      return 0
    }
    if let fault = commandLine.fault ?? unknownVerb(arguments) {
      complain(fault)
      return 2
    }
    do {
      var command = try JarvisCtl.parseAsRoot(arguments)
      try command.run()
      return 0
    } catch let error as ClientError {
      complain(escaped("\(error)", keepingNewlines: true))
      return error.exitStatus
    } catch let error as Failure {
      complain(error.message)
      return error.status
    } catch let error as ExitCode {
      return error.rawValue
    } catch {
      return report(error)
    }
  }

  /// `mcp` as clients start it, and whether it is to be verbose; nil for all else. A bridge lives as long as its client, and
  /// the argument parser would leave it with the metadata of every verb: 0.2 MB of its own that it never needs again.
  private static func plainBridge(_ arguments: [String]) -> Bool? {
    guard arguments.first == "mcp" else { return nil }
    switch arguments.dropFirst() {
    case []: return false
    case ["--verbose"], ["-v"]: return true
    default: return nil
    }
  }

  /// What the argument parser has to say: help and completions go to stdout, faults to stderr.
  private static func report(_ error: any Error) -> Int32 {
    let text = JarvisCtl.fullMessage(for: error)
    guard JarvisCtl.exitCode(for: error) != .success else {
      put(text.hasSuffix("\n") ? text : text + "\n")
      return 0
    }
    complain(text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text)
    return 2
  }

  /// What is wrong with the verb, or with the one below it; nil where the argument parser can say it better.
  private static func unknownVerb(_ arguments: [String]) -> String? {
    guard let name = arguments.first, !name.hasPrefix("-") else { return nil }
    let verbs = JarvisCtl.configuration.subcommands
    if let fault = unknown(name, among: verbs.map { $0.configuration }, of: "jarvisctl") { return fault }
    guard let verb = verbs.first(where: { $0.configuration.commandName == name }), arguments.count > 1 else {
      return nil
    }
    let below = verb.configuration.subcommands
    // What `learn` is followed by may be a type of task.
    guard !below.isEmpty, verb != Learn.self, !arguments[1].hasPrefix("-") else { return nil }
    return unknown(arguments[1], among: below.map { $0.configuration }, of: "jarvisctl \(name)")
  }

  private static func unknown(_ verb: String, among all: [CommandConfiguration], of program: String) -> String? {
    let known = all.compactMap(\.commandName) + all.flatMap(\.aliases) + ["help"]
    guard !known.contains(verb) else { return nil }
    let near = known.filter { editDistance($0, verb) <= 2 }.sorted { editDistance($0, verb) < editDistance($1, verb) }
    let hint = near.first.map { "; did you mean `\($0)`?" } ?? ""
    return "no such verb: \(escaped(verb))\(hint)\nSee `\(program) --help`."
  }
}

/// A failure of jarvisctl's own, with the exit status that says what kind it is.
struct Failure: Error {
  let status: Int32
  let message: String

  /// Something that the user gave is wrong.
  static func usage(_ message: String) -> Failure { Failure(status: 2, message: message) }
}

/// Options that stand before the verb (`jarvisctl --json status`); every verb takes them after it too.
struct LeadingOptions {
  var socket: String?
  var json = false
  var color: ColorChoice?
  var rest: [String] = []
  var fault: String?

  static func split(_ arguments: [String]) -> LeadingOptions {
    var options = LeadingOptions()
    var arguments = arguments[...]
    while let word = arguments.first {
      var value: String?
      var name = word
      if let equals = word.firstIndex(of: "="), word.hasPrefix("--") {
        name = String(word[..<equals])
        value = String(word[word.index(after: equals)...])
      }
      switch name {
      case "--json" where value == nil: options.json = true
      case "--socket", "--color":
        if value == nil {
          arguments.removeFirst()
          value = arguments.first
        }
        guard let value else {
          options.fault = "\(name) needs a value"
          return options
        }
        if name == "--socket" {
          options.socket = value
        } else if let color = ColorChoice(rawValue: value) {
          options.color = color
        } else {
          options.fault = "--color must be auto, always or never, found \"\(escaped(value))\""
        }
      default:
        options.rest = Array(arguments)
        return options
      }
      arguments.removeFirst()
    }
    return options
  }
}
