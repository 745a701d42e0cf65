import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

extension SkillVerb {
  /// `jarvisctl skill new`
  struct NewSkill: ParsableCommand {
    static let configuration = verb(
      "new", "Writes a commented template of a skill file into your folder of skills.",
      example: "jarvisctl skill new nightly")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The skill's name: a-z, A-Z, 0-9, -, _ and .")
    var name: String

    @Flag(name: .long, help: "Print it instead.")
    var stdout = false

    func validate() throws { try SkillFolder.check(name) }

    func run() throws {
      let text = SkillTemplate.text(name)
      if stdout { return put(text) }
      put("\(escaped(try SkillFolder.write(name, text, overwrites: false)))\n")
    }
  }

  /// `jarvisctl skill save`
  struct SaveSkill: ParsableCommand {
    static let configuration = verb(
      "save", "Makes a skill file out of a batch whose tasks all succeeded. Read it through: parameters are guessed.",
      example: "jarvisctl skill save b7 nightly")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: ArgumentHelp("The batch, such as b7.", valueName: "batch"))
    var batch: BatchID

    @Argument(help: "The skill's name.")
    var name: String

    @Flag(name: .long, help: "Print it instead.")
    var stdout = false

    @Flag(name: .long, help: "Replace a skill of yours with this name.")
    var force = false

    func validate() throws { try SkillFolder.check(name) }

    func run() throws {
      try globals.perform(SkillSave.self, SkillSave.Parameters(batchID: batch, name: name)) { result in
        if stdout { return result.text }
        return "\(escaped(try SkillFolder.write(name, result.text, overwrites: force)))\n"
      }
    }
  }
}

/// The user's own folder of skills.
enum SkillFolder {
  /// Refuses what is no name of a skill.
  static func check(_ name: String) throws {
    let isPlain = name.utf8.allSatisfy {
      ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || "-_.".utf8.contains($0)
    }
    guard isPlain, (1...64).contains(name.utf8.count), name.first != "-", name.first != "." else {
      throw ValidationError("a skill's name is 1 to 64 of a-z, A-Z, 0-9, -, _ and ., not beginning with - or .")
    }
  }

  /// Writes `$XDG_CONFIG_HOME/jarvis/skills/NAME.toml`, whole or not at all.
  /// - Returns: its path.
  static func write(_ name: String, _ text: String, overwrites: Bool) throws -> String {
    let folder = try path()
    let file = "\(folder)/\(name).toml"
    try makeFolders(folder)
    let temporary = "\(folder)/.\(name).\(randomWord())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure.usage("\(escaped(file)) can't be written: \(systemMessage(errno))") }
    defer { unlink(temporary) }
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let code = errno
        close(descriptor)
        throw Failure.usage("\(escaped(file)) can't be written: \(systemMessage(code))")
      }
      done += count
    }
    close(descriptor)
    // A link is made only where nothing is yet.
    guard (overwrites ? rename(temporary, file) : link(temporary, file)) == 0 else {
      let code = errno
      let hint =
        code == EEXIST ? "it is there already; use another name, or --force with `skill save`" : systemMessage(code)
      throw Failure.usage("\(escaped(file)) can't be written: \(hint)")
    }
    return file
  }

  private static func path() throws -> String {
    if let base = getenv("XDG_CONFIG_HOME").map({ String(cString: $0) }), base.hasPrefix("/") {
      return base + "/jarvis/skills"
    }
    guard let home = getenv("HOME").map({ String(cString: $0) }), home.hasPrefix("/") else {
      throw Failure.usage("neither XDG_CONFIG_HOME nor HOME is set, so there is no folder for skills")
    }
    return home + "/.config/jarvis/skills"
  }

  private static func makeFolders(_ path: String) throws {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/\(part)"
      guard mkdir(made, 0o755) == 0 || errno == EEXIST || errno == EROFS || errno == EACCES else {
        throw Failure.usage("the folder \(escaped(made)) can't be made: \(systemMessage(errno))")
      }
    }
  }
}

/// What `jarvisctl skill new` writes: a skill that runs as it is, with every key explained.
enum SkillTemplate {
  static func text(_ name: String) -> String {
    """
    # A skill: a reusable pattern of tasks. `jarvisctl skill check FILE` says what is wrong with it,
    # `jarvisctl skill run \(name) --dry-run` what it would do.
    name = "\(name)"                       # the file's name without .toml
    description = "Counts the lines of files, then adds them up"
    # branch = "audit"                     # the branch of its tasks; default: the caller's
    strategy = "auto"                      # auto, parallel, sequential, adaptive
    # requires = ["security-audit"]        # skills that steps run with skill = "…"
    # prelude = "set -e"                   # goes before every task's shell

    # Parameters are {name} in the texts below. Types: string, path, integer, number, boolean, choice (with choices =
    # [...]), list. One without a default must be given, unless required = false.
    [parameters.path]
    type = "path"
    default = "."
    description = "The folder with the files"

    [parameters.files]
    type = "string"
    default = "*"
    description = "Which of them: a pattern with *, ?, […] and ** for any folders"

    # Each [[tasks]] is a step. command = ["program", "argument"], shell = "line" (values are quoted by Jarvis: write no
    # quotes around placeholders), or only a description: then it is the prompt of an agent.
    [[tasks]]
    name = "count"
    description = "Count the lines of {item}"
    # One task for each item, {item} ({index} is its number): glob = "pattern", list = ["a", "b"] or "{a_list_parameter}",
    # count = 4, lines = "STEP" (each line that a step wrote), json = "STEP" (each element of the JSON list that it wrote).
    each = { glob = "{path}/{files}", max = 500 }
    shell = "wc -l < {item} 2>/dev/null || echo 0"
    # type = "file_count"                  # what Jarvis learns is kept by type
    # priority = "medium"                  # critical, high, medium, low
    # retries = 0
    # limits = { memory = "512M", cpu = 1.0, time = "5m", pids = 64, output = "1M" }
    # env = { LC_ALL = "C" }
    # cwd = "{path}"
    # runner = "claude"                    # for a description; default: the configured agent

    [[tasks]]
    name = "sum"
    description = "Add up the counts in {outputs}"
    # After a step: "STEP" (all of it succeeded), "STEP:failure", "STEP:any". {outputs} is a folder with one file for each
    # task's output, NUMBER-NAME; $JARVIS_OUTPUTS is the same.
    after = ["count"]
    shell = "cat {outputs}/* | awk '{ sum += $1 } END { print sum + 0 }'"

    # A step can run another skill that is in requires:
    # [[tasks]]
    # name = "audit"
    # skill = "security-audit"
    # with = { path = "{path}" }

    """
  }
}
