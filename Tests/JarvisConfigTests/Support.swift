import Glibc
import Testing

@testable import JarvisConfig
@testable import JarvisProtocol

/// A folder that is removed when the test is over.
final class Scratch {
  let path: String

  init() throws {
    var template = Array("/tmp/jarvis-config-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    path = String(cString: try #require(made))
  }

  deinit { _ = run("rm -rf -- '\(path)'") }

  /// Writes a file below the folder, with the folders on its way.
  @discardableResult
  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let file = "\(path)/\(name)"
    for (index, letter) in file.enumerated() where letter == "/" && index > path.count {
      mkdir(String(file.prefix(index)), 0o755)
    }
    let stream = try #require(fopen(file, "w"))
    let content = Array(bytes)
    #expect(fwrite(content, 1, content.count, stream) == content.count)
    fclose(stream)
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }
}

/// Runs a shell line; stdout and stderr are read together.
func run(_ line: String) -> (status: Int32, output: String) {
  guard let pipe = popen("{ \(line)\n} 2>&1 </dev/null", "r") else { return (-1, "") }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 4096)
  while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { bytes += chunk[..<count] }
  return ((pclose(pipe) >> 8) & 0xFF, String(decoding: bytes, as: UTF8.self))
}

/// `etc/jarvis` of the source tree.
let shippedFolder: String = {
  let parts = #filePath.split(separator: "/").dropLast(3)
  return "/" + parts.joined(separator: "/") + "/etc/jarvis"
}()

/// The problems of a configuration text, empty when it has none.
func problems(_ text: String) -> [Diagnostic] {
  do throws(ConfigError) {
    _ = try ConfigLoader.parse(text, file: "jarvis.toml")
    return []
  } catch {
    return error.diagnostics
  }
}

extension SkillFile {
  /// The tasks of a skill that requires no other, from texts as a person types them.
  func instantiate(parameters: [String: String]) throws(SkillError) -> [SkillTask] {
    try plan(parameters.mapValues { .string($0) }).map(\.task)
  }

  /// The same with what they are; `others` are the skills that it requires, `files` what a glob finds.
  func plan(
    _ parameters: [String: JSON], others: [SkillFile] = [], files: [String: [String]] = [:], most: Int = 1000
  ) throws(SkillError) -> [PlannedTask] {
    var all = [name: self]
    for other in others { all[other.name] = other }
    var expansion = SkillExpansion(skills: all, inputs: "/in", most: most) { (pattern, _) throws(SkillError) in
      files[pattern] ?? []
    }
    return try expansion.plan(name, values: try values(parameters))
  }
}
