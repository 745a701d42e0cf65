import Glibc
import JarvisProtocol
import Logging
import Testing

@testable import JarvisLinux

private func event(
  _ message: Logger.Message, level: Logger.Level = .warning, metadata: Logger.Metadata? = nil, error: (any Error)? = nil
) -> LogEvent {
  LogEvent(
    level: level, message: message, error: error, metadata: metadata, source: nil, file: "Jarvis/Some.swift",
    function: "run()", line: 12)
}

@Suite struct LogTests {
  @Test func journalFieldsCarryTheKeysThatPeopleSearchFor() {
    var handler = JournalLogHandler(label: "overseer", identifier: "jarvisd")
    handler[metadataKey: "branch"] = "main"
    handler[metadataKey: "task"] = "t1"
    let fields = handler.fields(
      of: event(
        "killed\u{1B}[31m\nby limit",
        metadata: [
          "task": "t42", "batch": "b7", "session": "s1", "used-bytes": "12",
          "message_id": MessageID.taskKilled.metadata,
        ], error: SystemError("read", "/x", code: ENOENT)))
    for expected in [
      "MESSAGE=killed\\u{1b}[31m\nby limit", "PRIORITY=4", "SYSLOG_IDENTIFIER=jarvisd", "LOGGER=overseer",
      "CODE_FILE=Jarvis/Some.swift", "CODE_FUNC=run()", "CODE_LINE=12", "JARVIS_TASK_ID=t42", "JARVIS_BATCH_ID=b7",
      "JARVIS_BRANCH=main", "JARVIS_SESSION=s1", "JARVIS_USED_BYTES=12",
      "MESSAGE_ID=7660e223242b4568b520ecb590bca458", "JARVIS_ERROR=cannot read /x: No such file or directory",
    ] { #expect(fields.contains(expected), "\(expected)") }
    #expect(fields.count == 14)
  }

  @Test(arguments: ["ärger", "a b", "x=y", "1st", String(repeating: "long", count: 50)])
  func fieldNamesAreAlwaysValid(key: String) throws {
    let name = try #require(JournalLogHandler.fieldName(key))
    #expect(name.utf8.count <= 64)
    #expect(name.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F })
    #expect(name.hasPrefix("JARVIS_"))
  }

  @Test func messageIDsAreDistinctAnd128Bits() {
    #expect(Set(MessageID.allCases.map(\.rawValue)).count == MessageID.allCases.count)
    for id in MessageID.allCases {
      #expect(id.rawValue.count == 32 && id.rawValue.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    }
  }

  @Test func sendingWithoutAJournalHarmsNobody() {
    JournalLogHandler(label: "x", identifier: "jarvis-test").log(event: event("nobody hears this", level: .debug))
  }

  @Test func aTerminalLineIsOneLineAndQuotesWhatNeedsIt() {
    let handler = TerminalLogHandler(level: .info, descriptor: 2, isTerminal: false, hasColor: false)
    let line = handler.line(
      for: event("two\nlines", metadata: ["b": "with blank", "a": "plain", "c": "say \"hi\"", "d": ""]),
      at: Timestamp(milliseconds: 0))
    #expect(
      line == #"1970-01-01T00:00:00.000Z warn  two\nlines a=plain b="with blank" c="say \"hi\"" d="""# + "\n")
  }

  @Test func coloursAreThereOnlyWhenAskedFor() {
    let coloured = TerminalLogHandler(level: .info, descriptor: 2, isTerminal: true, hasColor: true)
    let plain = TerminalLogHandler(level: .info, descriptor: 2, isTerminal: true, hasColor: false)
    let now = Timestamp(milliseconds: 1_795_500_000_123)
    #expect(coloured.line(for: event("x", level: .error), at: now).contains("\u{1B}[31merror\u{1B}[0m"))
    let line = plain.line(for: event("x", level: .error, metadata: ["k": "\u{1B}[2J"]), at: now)
    #expect(!line.contains("\u{1B}"))
    #expect(line.dropFirst(8).hasPrefix(".123 error x k="))
  }

  @Test func aLoggerWritesToItsDescriptor() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let handler = TerminalLogHandler(level: .notice, descriptor: ends[1])
    var logger = Logger(label: "test") { _ in handler }
    logger[metadataKey: "task"] = "t1"
    logger.info("too quiet")
    logger.notice("heard")
    close(ends[1])
    defer { close(ends[0]) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(ends[0], &buffer, buffer.count)
    let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    #expect(text.hasSuffix(" note  heard task=t1\n"))
    #expect(text.filter { $0 == "\n" }.count == 1)
  }
}

@Suite struct RedactionTests {
  @Test(arguments: [
    ("OPENAI_API_KEY=abc run", "OPENAI_API_KEY=*** run"),
    ("curl --token abc --url x", "curl --token *** --url x"),
    ("curl --api-key=abc&x=1 y", "curl --api-key=***&x=1 y"),
    ("DB_PASSWORD='a b' psql", "DB_PASSWORD='***' psql"),
    (#"{"client_secret": "xyz", "n": 1}"#, #"{"client_secret": "***", "n": 1}"#),
    (#"curl -H "Authorization: Bearer abc.def" u"#, #"curl -H "Authorization: ***" u"#),
    ("git clone https://me:hunter2@host/r.git", "git clone https://me:***@host/r.git"),
    ("echo sk-ant-REDACTED", "echo sk-***"),
    ("x ghp_abcdefgh1234 y", "x ghp_*** y"),
    ("grep -rn password src", "grep -rn password src"),
    ("claude --max-tokens 100 -p hi", "claude --max-tokens 100 -p hi"),
    ("run --password --verbose", "run --password --verbose"),
    ("ls https://host/a:b@c naïve", "ls https://host/a:b@c naïve"),
    ("", ""), ("TOKEN=", "TOKEN="),
  ])
  func secretsInTextAreMasked(text: String, expected: String) { #expect(redacted(text) == expected) }

  @Test func secretsInArgumentsAreMasked() {
    #expect(
      redacted(["psql", "--password", "a b", "-c", "select 1"]) == ["psql", "--password", "***", "-c", "select 1"])
    #expect(redacted(["env", "API_KEY=a b c", "run"]) == ["env", "API_KEY=***", "run"])
    #expect(redacted(["sh", "-c", "API_KEY=a run it"]) == ["sh", "-c", "API_KEY=*** run it"])
    #expect(redacted(["tool", "--secret", "--verbose"]) == ["tool", "--secret", "--verbose"])
  }

  @Test func secretsInEnvironmentsAreMasked() {
    #expect(
      redacted(environment: ["AWS_SECRET_ACCESS_KEY": "x", "URL": "http://u:p@h", "HOME": "/root"])
        == ["AWS_SECRET_ACCESS_KEY": "***", "URL": "http://u:***@h", "HOME": "/root"])
  }
}
