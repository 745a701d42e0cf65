import JarvisProtocol
import Testing

@testable import JarvisCore

@Suite("Derived types")
struct LearningTypeNameTests {
  private func derive(_ line: String) -> String {
    TypeName.derive(skill: nil, runner: "command", command: .shell(line))
  }

  @Test(
    "a command's type is its programs, verbs and flags' names",
    arguments: [
      ("git status --short", "command:git:status:--short"),
      ("git -C /some/where log --since=2020-01-01 -n5", "command:git:log:--since:-C:-n"),
      ("grep -rn 'secret word' src/", "command:grep:-rn"),
      ("make -j8 test", "command:make:-j"),
      ("FOO=bar sudo -u me timeout 30 cargo build --release", "command:cargo:build:--release"),
      ("sh -c 'cd /tmp && ls -l | sort -u > out.txt 2>&1'", "command:ls:-l|sort:-u"),
      ("bash -lc \"npm run build\"", "command:npm:run"),
      ("python3 scripts/analyze.py --input /data/x.csv 42", "command:python3:analyze.py:--input"),
      ("python3 -c 'print(1)'", "command:python3:-c"),
      ("python -m pytest -q tests/test_a.py", "command:python:pytest:-m:-q"),
      ("/usr/bin/env node server.js", "command:node:server.js"),
      ("./run-tests.sh", "command:run-tests.sh"),
      ("/tmp/tmp8x7f2k/a9f3c2d1e8", "command:other"),
      ("sleep 3", "command:sleep"),
      ("cd /x", "command:cd"),
      ("a 550e8400-e29b-41d4-a716-446655440000 -5 --", "command:a"),
    ])
  func shell(line: String, expected: String) { #expect(derive(line) == expected) }

  @Test("an argv and the line that says the same have the same type")
  func argv() {
    let argv = Command.argv(["/usr/bin/git", "diff", "--stat", "HEAD~3"])
    #expect(TypeName.derive(skill: nil, runner: "command", command: argv) == derive("git diff --stat HEAD~3"))
  }

  @Test("a skill comes first, and the runner is what is left")
  func others() {
    #expect(TypeName.derive(skill: "security-audit", runner: "claude", command: nil) == "skill:security-audit")
    #expect(TypeName.derive(skill: nil, runner: "claude", command: nil) == "agent:claude")
    #expect(TypeName.derive(skill: nil, runner: "a\nb", command: nil) == "agent:other")
  }

  @Test("whatever the arguments, there are few types, short and plain", arguments: [1, 2, 3])
  func bounded(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ $'\"|;&>\\é")
    func text(_ count: Int) -> String {
      String((0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
    }
    var types: Set<String> = []
    for _ in 0..<500 {
      let hex = String(UInt64.random(in: 0...UInt64.max, using: &random), radix: 16)
      let number = Int.random(in: 0...1_000_000, using: &random)
      types.insert(derive("curl -s --retry 3 https://example.org/\(hex)?q=\(number)"))
      types.insert(derive("python3 /tmp/\(hex).py --seed \(number) --out=/tmp/\(hex)"))
      types.insert(derive("git commit -m 'fix \(hex)'"))
      types.insert(derive("/tmp/build-\(hex)/prog\(number) -n\(number)"))
      let wild = derive(text(Int.random(in: 1...200, using: &random)))
      #expect(wild.utf8.count <= TypeName.maximumLength)
      #expect(wild.utf8.allSatisfy { $0 > 32 && $0 < 127 })
    }
    #expect(types.count <= 8, "\(types)")
  }
}
