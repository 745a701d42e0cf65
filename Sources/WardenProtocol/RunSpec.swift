/// All that the warden needs to start one agent.
public struct RunSpec: Equatable, Sendable {
  /// The name of this attempt and of its cgroup.
  public var key: RunKey
  /// The program's absolute path. The warden searches no `PATH`.
  public var executable: String
  /// The arguments, the program's own name first.
  public var arguments: [String]
  /// The whole environment, each `NAME=VALUE`. The warden adds `JARVIS_WARDEN_ID` and `JARVIS_RUN_KEY`.
  public var environment: [String]
  /// The absolute path of the working folder.
  public var workingDirectory: String
  /// Where stdout is appended; created with mode 0600, never through a symbolic link. Its folder must exist.
  public var stdoutPath: String
  /// Where stderr is appended; may be the same path as stdout.
  public var stderrPath: String
  /// What the kernel shall enforce, where it can.
  public var limits: RunLimits

  /// A specification with these values. Nothing is checked yet: the warden calls `validate()` and answers
  /// `startFailed`; whoever builds one may call it earlier.
  public init(
    key: RunKey, executable: String, arguments: [String], environment: [String], workingDirectory: String,
    stdoutPath: String, stderrPath: String, limits: RunLimits = RunLimits()
  ) {
    self.key = key
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.stdoutPath = stdoutPath
    self.stderrPath = stderrPath
    self.limits = limits
  }

  /// Refuses what could not be started as it was meant: relative paths, NUL inside a text (C would cut it there),
  /// no arguments, a variable without a name.
  ///
  /// - Throws: `WireError` naming the field.
  public func validate() throws(WireError) {
    let paths = [
      ("executable", executable), ("working directory", workingDirectory), ("stdout path", stdoutPath),
      ("stderr path", stderrPath),
    ]
    for (name, path) in paths {
      guard path.utf8.first == UInt8(ascii: "/") else {
        throw WireError("The \(name) of \(key) is \"\(path)\", expected an absolute path.")
      }
      guard path.utf8.count < 4096 else { throw WireError("The \(name) of \(key) is longer than 4095 bytes.") }
    }
    guard !arguments.isEmpty else { throw WireError("\(key) has no arguments; the first is the program's name.") }
    for text in paths.map(\.1) + arguments + environment where text.utf8.contains(0) {
      throw WireError("A path, argument or variable of \(key) contains a NUL byte.")
    }
    for variable in environment
    where !(variable.utf8.firstIndex(of: UInt8(ascii: "=")).map { $0 > variable.startIndex } ?? false) {
      throw WireError("A variable in the environment of \(key) is not of the form NAME=VALUE.")
    }
    try limits.validate()
  }
}

extension RunSpec {
  func encode(into writer: inout WireWriter) {
    key.encode(into: &writer)
    writer.write(executable)
    writer.write(arguments)
    writer.write(environment)
    writer.write(workingDirectory)
    writer.write(stdoutPath)
    writer.write(stderrPath)
    limits.encode(into: &writer)
  }

  init(from reader: inout WireReader) throws(WireError) {
    self.init(
      key: try RunKey(from: &reader), executable: try reader.readString("the executable"),
      arguments: try reader.readStrings("the arguments"), environment: try reader.readStrings("the environment"),
      workingDirectory: try reader.readString("the working directory"),
      stdoutPath: try reader.readString("the stdout path"), stderrPath: try reader.readString("the stderr path"),
      limits: try RunLimits(from: &reader))
  }
}
