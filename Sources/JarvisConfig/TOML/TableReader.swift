/// Reads the keys of one table into Swift values and collects everything that is wrong with them, so that a file's
/// problems are told all at once. A key that is missing leaves the value as it is. `finish` reports the keys that
/// nobody asked for.
struct TableReader {
  /// The diagnostics of all readers of one document.
  final class Problems {
    let document: TOMLDocument
    private(set) var diagnostics: [Diagnostic] = []

    init(_ document: TOMLDocument) { self.document = document }

    func add(_ message: String, at path: String) {
      let place = document.places.place(of: path)
      diagnostics.append(
        Diagnostic(
          file: document.file, line: place?.line, column: place?.column, keyPath: path.isEmpty ? nil : path,
          message: message))
    }

    /// Throws when there are any, in the order of the file.
    func throwIfAny() throws(ConfigError) {
      guard !diagnostics.isEmpty else { return }
      let sorted = diagnostics.enumerated().sorted {
        ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset)
      }
      throw ConfigError(sorted.map(\.element))
    }
  }

  let problems: Problems
  let path: String
  private let table: [String: TOMLNode]
  private var asked: Set<String> = []

  /// Reads the whole document.
  init(_ problems: Problems) { self.init(problems, table: problems.document.root, path: "") }

  init(_ problems: Problems, table: [String: TOMLNode], path: String) {
    self.problems = problems
    self.table = table
    self.path = path
  }

  func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func add(_ message: String, at key: String) { problems.add(message, at: path(of: key)) }

  /// Whether the file has the key, of whatever type.
  func has(_ key: String) -> Bool { table[key] != nil }

  /// The keys of a table whose entries name themselves, sorted.
  var ownKeys: [String] { table.keys.sorted() }

  /// The value, which counts as known from now on.
  mutating func value(_ key: String) -> TOMLNode? {
    asked.insert(key)
    return table[key]
  }

  /// Says that a value is of another kind than `expected`.
  func mismatch(_ key: String, _ found: TOMLNode, expected: String) {
    add("found \(found.found); expected \(expected)", at: key)
  }

  /// Keys that nobody asked for are typos, or belong elsewhere.
  func finish() {
    for key in table.keys.sorted() where !asked.contains(key) {
      let near = suggestion(for: key, among: asked)
      let kind = if case .table? = table[key] { "section" } else { "key" }
      let hint = near.map { "did you mean \"\($0)\"?" } ?? "known here: \(asked.sorted().joined(separator: ", "))"
      problems.add("unknown \(kind); \(hint)", at: path(of: key))
    }
  }

  // MARK: - Kinds of values

  /// A table of its own; not called when the key is missing.
  mutating func section(_ key: String, _ body: (inout TableReader) -> Void) {
    guard let found = value(key) else { return }
    guard case .table(let inner) = found else {
      return mismatch(key, found, expected: "a table: [\(path(of: key))] on a line of its own, its keys below it")
    }
    var reader = TableReader(problems, table: inner, path: path(of: key))
    body(&reader)
    reader.finish()
  }

  /// The elements of a list of tables, in order.
  mutating func sections(_ key: String, _ body: (inout TableReader) -> Void) {
    guard let found = value(key) else { return }
    guard case .array(let elements) = found else {
      return mismatch(key, found, expected: "tables: [[\(path(of: key))]] before each")
    }
    for (index, element) in elements.enumerated() {
      let elementKey = "\(key)[\(index)]"
      guard case .table(let inner) = element else {
        mismatch(elementKey, element, expected: "a table")
        continue
      }
      var reader = TableReader(problems, table: inner, path: path(of: elementKey))
      body(&reader)
      reader.finish()
    }
  }

  /// Any text; `problem` says what is wrong with it.
  mutating func string(_ key: String, into target: inout String, problem: (String) -> String? = { _ in nil }) {
    guard let found = value(key) else { return }
    guard case .string(let text) = found else { return mismatch(key, found, expected: "text in quotes") }
    if let message = problem(text) { return add(message, at: key) }
    target = text
  }

  /// The same for a key without a default.
  mutating func string(_ key: String, into target: inout String?, problem: (String) -> String? = { _ in nil }) {
    guard has(key) else { return _ = value(key) }
    var text: String?
    var read = ""
    let before = problems.diagnostics.count
    string(key, into: &read, problem: problem)
    if problems.diagnostics.count == before { text = read }
    target = text ?? target
  }

  /// One of a few words.
  mutating func choice<Choice>(_ key: String, into target: inout Choice)
  where Choice: RawRepresentable<String>, Choice: CaseIterable {
    guard let found = value(key) else { return }
    let words = Choice.allCases.map(\.rawValue)
    let allowed = words.map { "\"\($0)\"" }.joined(separator: ", ")
    guard case .string(let text) = found else { return mismatch(key, found, expected: "one of \(allowed)") }
    guard let choice = Choice(rawValue: text) else {
      let near = suggestion(for: text, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
      return add("found \(found.found); expected one of \(allowed)\(near)", at: key)
    }
    target = choice
  }

  mutating func boolean(_ key: String, into target: inout Bool) {
    guard let found = value(key) else { return }
    guard case .boolean(let value) = found else { return mismatch(key, found, expected: "true or false") }
    target = value
  }

  /// A whole number in a range.
  mutating func integer(_ key: String, into target: inout Int, in range: ClosedRange<Int>) {
    guard let found = value(key) else { return }
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard case .integer(let value) = found, range.contains(value) else {
      return mismatch(key, found, expected: expected)
    }
    target = value
  }

  /// The same where `""` or 0 means that there is none.
  mutating func integer(_ key: String, into target: inout Int?, in range: ClosedRange<Int>) {
    if isNone(key) { return target = nil }
    var number = target ?? range.lowerBound
    let before = problems.diagnostics.count
    integer(key, into: &number, in: range)
    if has(key), problems.diagnostics.count == before { target = number }
  }

  /// A number in a range.
  mutating func number(_ key: String, into target: inout Double, in range: ClosedRange<Double>) {
    guard let found = value(key) else { return }
    let number: Double
    switch found {
    case .integer(let value): number = Double(value)
    case .number(let value): number = value
    default: number = .nan
    }
    guard range.contains(number) else {
      return mismatch(key, found, expected: "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))")
    }
    target = number
  }

  /// The same where `""` or 0 means that there is none.
  mutating func number(_ key: String, into target: inout Double?, in range: ClosedRange<Double>) {
    if isNone(key) { return target = nil }
    var number = target ?? range.lowerBound
    let before = problems.diagnostics.count
    self.number(key, into: &number, in: range)
    if has(key), problems.diagnostics.count == before { target = number }
  }

  /// Seconds as a number, or text with units.
  mutating func duration(_ key: String, into target: inout Double, in range: ClosedRange<Double>) {
    guard let found = value(key) else { return }
    let seconds: Double?
    switch found {
    case .integer(let value): seconds = Double(value)
    case .number(let value): seconds = value
    case .string(let text): seconds = DurationText.parse(text)
    default: seconds = nil
    }
    guard let seconds, range.contains(seconds) else {
      let bounds = "\(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
      return mismatch(
        key, found,
        expected: "a duration from \(bounds): seconds, or text such as \"500ms\", \"90s\", \"1h30m\", \"2d\"")
    }
    target = seconds
  }

  /// The same where `""` or 0 means that there is none.
  mutating func duration(_ key: String, into target: inout Double?, in range: ClosedRange<Double>) {
    if isNone(key) { return target = nil }
    var seconds = target ?? range.lowerBound
    let before = problems.diagnostics.count
    duration(key, into: &seconds, in: range)
    if has(key), problems.diagnostics.count == before { target = seconds }
  }

  /// Bytes as a number, or text with a unit.
  mutating func size(_ key: String, into target: inout Int, in range: ClosedRange<Int>) {
    guard let found = value(key) else { return }
    let bytes: Int?
    switch found {
    case .integer(let value): bytes = value
    case .string(let text): bytes = Size.parse(text)
    default: bytes = nil
    }
    guard let bytes, range.contains(bytes) else {
      let bounds = "\(Size.format(range.lowerBound)) to \(Size.format(range.upperBound))"
      return mismatch(
        key, found, expected: "a size from \(bounds): bytes, or text such as \"64K\", \"512M\", \"2G\" (powers of 1024)"
      )
    }
    target = bytes
  }

  /// The same where `""` or 0 means that there is none.
  mutating func size(_ key: String, into target: inout Int?, in range: ClosedRange<Int>) {
    if isNone(key) { return target = nil }
    var bytes = target ?? range.lowerBound
    let before = problems.diagnostics.count
    size(key, into: &bytes, in: range)
    if has(key), problems.diagnostics.count == before { target = bytes }
  }

  /// A size, a percentage of what the machine has, or none (`""` or 0).
  mutating func amount(_ key: String, into target: inout Config.Amount, in range: ClosedRange<Int>) {
    if isNone(key) { return target = .none }
    if case .string(let text)? = table[key], text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), percent > 0, percent <= 100 else {
        if let found = value(key) { mismatch(key, found, expected: "a percentage above 0 and up to 100, or a size") }
        return
      }
      _ = value(key)
      return target = .share(percent / 100)
    }
    var bytes: Int?
    size(key, into: &bytes, in: range)
    if let bytes { target = .amount(bytes) }
  }

  /// A number, `"auto"`, or none (`""` or 0).
  mutating func count(_ key: String, into target: inout Config.Amount, in range: ClosedRange<Int>) {
    if isNone(key) { return target = .none }
    if case .string("auto")? = table[key] {
      _ = value(key)
      return target = .automatic
    }
    var count: Int?
    integer(key, into: &count, in: range)
    if let count { target = .amount(count) }
  }

  /// A list of texts; `problem` says what is wrong with one.
  mutating func strings(_ key: String, into target: inout [String], problem: (String) -> String? = { _ in nil }) {
    guard let found = value(key) else { return }
    guard case .array(let elements) = found else {
      return mismatch(key, found, expected: "a list of texts: [\"one\", \"two\"]")
    }
    var texts: [String] = []
    for (index, element) in elements.enumerated() {
      let elementKey = "\(key)[\(index)]"
      guard case .string(let text) = element else {
        mismatch(elementKey, element, expected: "text in quotes")
        continue
      }
      if let message = problem(text) { add(message, at: elementKey) }
      texts.append(text)
    }
    target = texts
  }

  /// Whether the value is written as "none".
  private mutating func isNone(_ key: String) -> Bool {
    switch value(key) {
    case .string("")?, .integer(0)?: true
    case .number(let value)?: value == 0
    default: false
    }
  }

  private func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
