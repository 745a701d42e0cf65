import Testing

@testable import JarvisProtocol

/// A small generator of its own (SplitMix64; Steele, Lea, Flood 2014), so that a failing seed can be run again.
struct Random: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct JSONTests {
  static func value(_ random: inout Random, depth: Int) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .int(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<60, using: &random))
    case 3: return .double(Double(Int64.random(in: -1_000_000...1_000_000, using: &random)) / 1024 + 0.5)
    case 4, 5: return .string(text(&random))
    case 6: return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth - 1) })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0...14, using: &random) { object[text(&random)] = value(&random, depth: depth - 1) }
      return .object(object)
    }
  }

  static func text(_ random: inout Random) -> String {
    let alphabet: [Character] = ["a", "Z", "\"", "\\", "/", "\n", "\t", "\u{1}", "é", "€", "😀", "\u{2028}", " "]
    let count = Int.random(in: 0...8, using: &random)
    return String((0..<count).map { _ in alphabet.randomElement(using: &random) ?? "a" })
  }

  @Test(arguments: 0..<200) func `what is written reads back the same, on one line`(seed: Int) throws {
    var random = Random(seed: UInt64(seed))
    let json = Self.value(&random, depth: 4)
    #expect(try JSON(parsing: json.bytes) == json)
    #expect(!json.bytes.contains(0x0A))
    #expect(try JSON(parsing: json.prettyText) == json)
  }

  @Test(arguments: 0..<300) func `damaged text is refused or read, and never traps`(seed: Int) {
    var random = Random(seed: UInt64(seed))
    var bytes = Self.value(&random, depth: 4).bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: at)
      default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
      }
    }
    do throws(JSONError) {
      let json = try JSON(parsing: bytes)
      #expect((try? JSON(parsing: json.bytes)) == json)
    } catch {
      #expect(error.offset <= bytes.count)
      #expect(error.line >= 1 && error.column >= 1)
    }
  }

  @Test(arguments: [
    ("", "the text ends where a value was expected"), ("{", "expected a key in double quotes"),
    ("{\"a\":1,}", "expected a key in double quotes"), ("[1 2]", "expected `,` or `]` in a list, found `2`"),
    ("{\"a\":1,\"a\":2}", "the key \"a\" is written twice"), ("01", "a number does not begin with 0"),
    ("1 x", "there is more text after the JSON value"), ("\"\\ud800\"", "half of a surrogate pair"),
    ("nul", "expected null"), ("\"abc", "this string is not closed"), ("1e999", "this number is too large"),
    ("'a'", "expected a value, found `'`"),
  ]) func `an error says what is wrong`(text: String, message: String) {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
    #expect(error?.message == message)
  }

  @Test func `an error has the line and the column`() {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: "{\n  \"a\": 1,\n  \"b\" 2\n}") }
    #expect(error?.line == 3)
    #expect(error?.column == 7)
  }

  @Test func `text that is not UTF-8 is refused`() {
    let error = #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0xFE, 0x22]) }
    #expect(error?.message == "this string is not UTF-8")
  }

  @Test func `nesting is bounded, so that a stack can't be exhausted`() {
    let deep = String(repeating: "[", count: 100_000)
    let error = #expect(throws: JSONError.self) { try JSON(parsing: deep) }
    #expect(error?.message == "nested deeper than \(JSON.maximumDepth) levels")
    let allowed = String(repeating: "[", count: 96) + String(repeating: "]", count: 96)
    #expect(throws: Never.self) { try JSON(parsing: allowed) }
  }

  @Test func `whole numbers keep all of their 64 bits`() throws {
    #expect(try JSON(parsing: "9223372036854775807") == .int(.max))
    #expect(try JSON(parsing: "-9223372036854775808") == .int(.min))
    #expect(try JSON(parsing: "9223372036854775808") == .double(9_223_372_036_854_775_808))
  }

  @Test func `a duplicate among many keys is found`() {
    let members = (0..<100).map { "\"k\($0)\":1" }.joined(separator: ",")
    #expect(throws: Never.self) { try JSON(parsing: "{\(members)}") }
    #expect(throws: JSONError.self) { try JSON(parsing: "{\(members),\"k50\":2}") }
  }
}
