import Glibc
import Testing

@testable import JarvisConfig

/// Broken text of any kind gives diagnostics, never a crash, and never a configuration outside of the ranges.
@Suite struct FuzzTests {
  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let mixed = (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
      return mixed ^ (mixed >> 33)
    }
  }

  private static let pieces: [String] = [
    "[", "]", "[[", "]]", "{", "}", "=", ".", "\"", "'", "\"\"\"", "'''", "\n", "\r\n", "#", ",", "\\", "\\u00e9",
    "\\u0000", "1e999", "-0", "nan", "inf", "0x", "99999999999999999999", "1979-05-27T07:32:00Z", "é", "\u{0}",
    "[zones]", "a.b.c", "{prompt}", "{x}", "{{", "true", "\u{FEFF}", "\u{202E}", "tasks", "[[tasks]]", "\u{2028}",
    " = ", "_", "+", "1e", "0b", "[1, ", ", 2]", "{ a = ", "a = ", "\u{85}",
  ]

  /// How many texts of each kind are tried; more with `JARVIS_FUZZ=N`.
  private static let rounds = getenv("JARVIS_FUZZ").flatMap { Int(String(cString: $0)) } ?? 1500

  private static func piece(_ random: inout Random) -> String {
    pieces[Int.random(in: 0..<pieces.count, using: &random)]
  }

  private func mutated(_ original: [UInt8], _ random: inout Random) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let at = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.insert(contentsOf: Self.piece(&random).utf8, at: at)
      case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0...20, using: &random)))
      case 2 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 3: bytes.removeSubrange(at...)
      default:
        let end = min(bytes.count, at + Int.random(in: 0...60, using: &random))
        bytes.insert(contentsOf: Array(bytes[at..<end]), at: Int.random(in: 0...bytes.count, using: &random))
      }
    }
    return bytes
  }

  @Test(arguments: ["jarvis.toml", "runners/codex.toml", "skills/security-audit.toml"])
  func mutatedFilesNeverCrash(name: String) throws {
    let original = Array(try FileText.read("\(shippedFolder)/\(name)").utf8)
    var random = Random(state: 20_261_124)
    var accepted = 0
    for _ in 0..<Self.rounds {
      let bytes = mutated(original, &random)
      do {
        let text = try FileText.text(bytes)
        let document = try TOMLDocument(text, file: "/x/\(name)")
        if name.hasPrefix("runners") {
          let runner = try RunnerFile(document: document)
          _ = try? runner.commandLine([.prompt: "p", .cwd: "/w"])
        } else if name.hasPrefix("skills") {
          _ = try? SkillFile(document: document).instantiate(parameters: [:])
        } else {
          let config = try Config(document: document)
          #expect(config.zones.cpuSafe <= config.zones.cpuDanger && (0...1).contains(config.zones.cpuDanger))
          #expect((0.1...60).contains(config.monitor.interval) && config.scheduler.maxAgents >= 1)
        }
        accepted += 1
      } catch let error as ConfigError {
        #expect(error.diagnostics.contains { $0.severity == .error && !$0.message.isEmpty })
      } catch is FileText.Failure {
      }
    }
    #expect(accepted > 0, "the mutations are too wild to reach anything but the parser")
    #expect(accepted < Self.rounds)
  }

  @Test func randomPiecesNeverCrashTheScannerOrTheParser() {
    var random = Random(state: 7)
    for round in 0..<Self.rounds * 2 {
      let count = Int.random(in: 0...(round % 40), using: &random)
      let pieces = (0..<count).map { _ in Self.piece(&random) }.joined()
      let text = ["", "a = ", "[", "a = [ "][round % 4] + pieces
      _ = SourceMap(text)
      _ = Template(text)
      _ = problems(text)
    }
  }
}
