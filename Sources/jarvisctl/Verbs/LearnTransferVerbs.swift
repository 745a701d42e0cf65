import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

/// `jarvisctl learn export`
struct LearnExportVerb: ParsableCommand {
  static let configuration = verb(
    "export", "Prints all that was learned, as JSON that `learn import` takes.",
    example: "jarvisctl learn export > learned.json")

  @OptionGroup var globals: GlobalOptions

  @Argument(help: "Only this type of task.")
  var type: String?

  func run() throws {
    let client = try globals.connect()
    var cursor: String?
    var isFirst = true
    repeat {
      let page = try client.call(LearnExport.self, LearnExport.Parameters(taskType: type, cursor: cursor))
      if cursor == nil { put("{\"version\":1,\"profiles\":[") }
      for profile in page.profiles {
        put("\(isFirst ? "\n" : ",\n")\(profile.text)")
        isFirst = false
      }
      cursor = page.nextCursor
    } while cursor != nil
    put("\n]}\n")
  }
}

/// `jarvisctl learn import`
struct LearnImportVerb: ParsableCommand {
  static let configuration = verb(
    "import", "Takes in what `learn export` printed. What has seen more tasks stays.",
    example: "jarvisctl learn import learned.json")

  @OptionGroup var globals: GlobalOptions

  @Argument(help: "The file; - is stdin.", completion: .file())
  var file: String

  func run() throws {
    let json = try parseJSON(contents(of: file), from: file)
    guard let version = json["version"]?.intValue, let profiles = json["profiles"]?.arrayValue else {
      throw Failure.usage("\(escaped(file)) is no export of `jarvisctl learn export`: it has no version and profiles")
    }
    let client = try globals.connect()
    var total = LearnImport.Result(taken: 0, leftOut: 0)
    // As many as fit one request of the socket for certain.
    for start in stride(from: 0, to: max(1, profiles.count), by: 500) {
      let part = Array(profiles[start..<min(start + 500, profiles.count)])
      let result = try client.call(LearnImport.self, LearnImport.Parameters(version: Int(version), profiles: part))
      total.taken += result.taken
      total.leftOut += result.leftOut
    }
    put(globals.json ? total.json.text + "\n" : words(total))
  }

  private func words(_ result: LearnImport.Result) -> String {
    "took in \(result.taken) types"
      + (result.leftOut > 0 ? "; left out \(result.leftOut), of which more is known here" : "") + "\n"
  }
}

/// `jarvisctl learn forget`
struct LearnForgetVerb: ParsableCommand {
  static let configuration = verb(
    "forget", "Forgets all that was observed, learned and taught about a type of task.",
    example: "jarvisctl learn forget codebase_search")

  @OptionGroup var globals: GlobalOptions

  @Argument(help: "The type of task.")
  var type: String

  func run() throws {
    try globals.perform(LearnForget.self, LearnForget.Parameters(taskType: type)) {
      "forgot all about \(escaped($0.taskType))\n"
    }
  }
}
