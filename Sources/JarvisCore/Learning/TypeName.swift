import JarvisProtocol

/// Names types for tasks that name none: the same for tasks that do the same, and never random text.
///
/// A command's type is its programs, the verb where a program has verbs, and the names of its flags: what it does, and
/// not what it does it to. Values, paths, numbers, hashes and identifiers never get in, so there are no more types than
/// there are ways in which programs are called.
public enum TypeName {
  /// No derived type is longer, in bytes.
  public static let maximumLength = 96

  /// Derives the type.
  ///
  /// - Parameters:
  ///   - skill: the skill's name, if the task is one's step.
  ///   - runner: the runner's name.
  ///   - command: what is run, if it is a command.
  /// - Returns: `skill:security-audit`, `command:git:status:--short`, `agent:claude`.
  public static func derive(skill: String?, runner: String, command: Command?) -> String {
    if let skill, let name = plain(skill) { return "skill:\(name)" }
    let words: [[String]]
    switch command {
    case .argv(let argv)?: words = [argv]
    case .shell(let line)?: words = CommandWords.split(line)
    case nil: return "agent:\(plain(runner) ?? "other")"
    }
    var stages: [String] = []
    for stage in words.flatMap({ unwrapped($0, depth: 0) }) {
      guard let name = fingerprint(stage), stages.last != name else { continue }
      stages.append(name)
    }
    if stages.isEmpty, let last = words.last?.drop(while: { CommandWords.isAssignment($0) }),
      let name = fingerprint(Array(last))
    {
      // It is nothing but what is left out beside others: `true`, `cd`.
      stages = [name]
    }
    return bounded("command:", stages)
  }

  /// At most four stages, as many as there is room for.
  private static func bounded(_ prefix: String, _ stages: [String]) -> String {
    guard let first = stages.first else { return "\(prefix)other" }
    var name = prefix + first
    for stage in stages.dropFirst().prefix(3) {
      guard name.utf8.count + 1 + stage.utf8.count <= maximumLength else { break }
      name += "|\(stage)"
    }
    return name
  }

  /// A name that may stand in a type as it is: letters, digits, `_`, `-`, `.`, `+`, at most 40 bytes.
  private static func plain(_ name: some StringProtocol) -> String? {
    guard (1...40).contains(name.utf8.count) else { return nil }
    let allowed = name.utf8.allSatisfy { isLetter($0) || isDigit($0) || "_-.+".utf8.contains($0) }
    return allowed && name.utf8.contains(where: isLetter) ? String(name) : nil
  }

  // MARK: One program's call

  /// Programs whose first plain argument is a verb, one of a few.
  private static let verbal: Set<String> = [
    "apt", "apt-get", "aws", "az", "bazel", "brew", "bun", "cargo", "conda", "composer", "deno", "docker", "dotnet",
    "flatpak", "gcloud", "gem", "gh", "git", "glab", "go", "gradle", "helm", "hg", "jarvisctl", "jj", "kubectl",
    "meson", "mix", "mvn", "npm", "nix", "pip", "pip3", "pipx", "pnpm", "podman", "poetry", "ruff", "rustup", "svn",
    "swift", "systemctl", "terraform", "uv", "yarn", "zig",
  ]

  /// Programs that run the program named by their arguments.
  private static let interpreters: Set<String> = [
    "awk", "bash", "bun", "dash", "deno", "gawk", "java", "lua", "node", "perl", "php", "python", "python2", "python3",
    "ruby", "sh", "zsh",
  ]

  /// Programs that only pass on what they start, and how many plain arguments of their own come before it.
  private static let wrappers: [String: Int] = [
    "chrt": 1, "command": 0, "env": 0, "exec": 0, "ionice": 0, "nice": 0, "nohup": 0, "setsid": 0, "stdbuf": 0,
    "sudo": 0, "taskset": 1, "time": 0, "timeout": 1, "unbuffer": 0, "xargs": 0,
  ]

  /// Flags of wrappers that take the word after them as value.
  private static let valued: Set<String> = [
    "-n", "-c", "-p", "-u", "-k", "-s", "-g", "-I", "-L", "-P", "-d", "-o", "-f",
  ]

  /// The call behind wrappers, environment settings and `sh -c`.
  private static func unwrapped(_ words: [String], depth: Int) -> [[String]] {
    var rest = words[...]
    while let first = rest.first, CommandWords.isAssignment(first) { rest = rest.dropFirst() }
    guard let program = rest.first, depth < 4 else { return [] }
    let name = base(program)
    if let own = wrappers[name] {
      var inner = rest.dropFirst()
      var left = own
      while let word = inner.first {
        if word.hasPrefix("-") {
          inner = inner.dropFirst(valued.contains(word) ? 2 : 1)
        } else if CommandWords.isAssignment(word) {
          inner = inner.dropFirst()
        } else if left > 0 {
          left -= 1
          inner = inner.dropFirst()
        } else {
          break
        }
      }
      return inner.isEmpty ? [Array(rest)] : unwrapped(Array(inner), depth: depth + 1)
    }
    if ["sh", "bash", "dash", "zsh"].contains(name), let flag = rest.dropFirst().first, flag.hasPrefix("-"),
      !flag.hasPrefix("--"), flag.hasSuffix("c"), let line = rest.dropFirst(2).first
    {
      return CommandWords.split(line).flatMap { unwrapped($0, depth: depth + 1) }
    }
    return ["cd", "export", "set", "true", ":", "source", "."].contains(name) ? [] : [Array(rest)]
  }

  private static func base(_ program: String) -> String {
    program.split(separator: "/").last.map { String($0) } ?? program
  }

  private static func fingerprint(_ words: [String]) -> String? {
    guard let first = words.first else { return nil }
    let program = stable(base(first)) ?? "other"
    var parts = [program]
    var flags: Set<String> = []
    var isNamed = false
    var previous = ""
    for word in words.dropFirst() {
      if word == "--" { break }
      if let flag = flag(word) {
        flags.insert(flag)
        // What comes after the program that an interpreter runs belongs to that program.
        if interpreters.contains(program), ["-c", "-e", "-r"].contains(flag) { break }
      } else if !isNamed, interpreters.contains(program), let name = stable(base(word)) {
        if previous != "-c", previous != "-e" { parts.append(name) }
        isNamed = true
      } else if !isNamed, verbal.contains(program), previous.isEmpty || !previous.hasPrefix("-"), let verb = verb(word)
      {
        parts.append(verb)
        isNamed = true
      }
      previous = word
    }
    var name = parts.joined(separator: ":")
    for flag in flags.sorted().prefix(6) where name.utf8.count + flag.utf8.count < 60 { name += ":\(flag)" }
    return name
  }

  /// A flag's name without its value: `--jobs=8` is `--jobs`, `-j8` is `-j`; nil for what is no flag.
  private static func flag(_ word: String) -> String? {
    let bytes = Array(word.utf8)
    let dashes = bytes.prefix { $0 == UInt8(ascii: "-") }.count
    guard dashes == 1 || dashes == 2 else { return nil }
    let name = bytes[dashes...].prefix { isLetter($0) || (dashes == 2 && $0 == UInt8(ascii: "-")) }
    guard !name.isEmpty, name.count <= 24 else { return nil }
    let ends = dashes + name.count
    let isWhole = ends == bytes.count || bytes[ends] == UInt8(ascii: "=")
    // A number glued to a short flag is its value; any other mixture could be anything.
    guard isWhole || (dashes == 1 && name.count == 1) else { return nil }
    return String(decoding: bytes[..<ends], as: UTF8.self)
  }

  /// A verb: small letters and hyphens, at most 20.
  private static func verb(_ word: String) -> String? {
    let isPlain = word.utf8.allSatisfy { (97...122).contains($0) || $0 == UInt8(ascii: "-") }
    return isPlain && word.utf8.count <= 20 && looksLikeWords(word) ? word : nil
  }

  /// A program's or script's name, if it looks as if people had chosen it.
  private static func stable(_ name: String) -> String? {
    guard let name = plain(name), looksLikeWords(name) else { return nil }
    return name
  }

  /// Whether a name is made of words, and not of random characters: no long runs of digits or consonants, no digits
  /// between letters, no capitals in the middle of small letters but at the beginning of a word.
  private static func looksLikeWords(_ name: some StringProtocol) -> Bool {
    let pieces = name.utf8.split { !isLetter($0) && !isDigit($0) }
    guard !pieces.isEmpty else { return false }
    return pieces.allSatisfy { piece in
      let digits = piece.reversed().prefix(while: isDigit).count
      let letters = piece.dropLast(digits)
      guard digits <= 2, letters.count <= 20, letters.allSatisfy(isLetter) else { return false }
      var consonants = 0
      var turns = 0
      var isSmall = false
      for byte in letters {
        let isCapital = (65...90).contains(byte)
        if isCapital, isSmall { turns += 1 }
        isSmall = !isCapital
        consonants = "aeiouyAEIOUY".utf8.contains(byte) ? 0 : consonants + 1
        if consonants > 5 { return false }
      }
      return turns <= 3 && turns * 3 <= letters.count
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
