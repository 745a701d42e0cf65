import JarvisProtocol

/// What a piece of an agent's stream told.
public enum AgentEvent: Sendable, Hashable {
  /// Its program named the conversation.
  case session(String)
  /// The model began its n-th turn.
  case turn(Int)
  /// It does something, in one line.
  case action(String)
  /// Tokens or cost changed.
  case usage
  /// A call of the API failed and is tried again: back-pressure.
  case retry(APIRetry)
  /// A usage limit was reached.
  case usageLimit(UsageLimit)
  /// It is done.
  case terminal(isError: Bool)
}

/// One retry of a call of the API.
public struct APIRetry: Sendable, Hashable {
  /// HTTP status, where it is told.
  public var status: Int?
  /// Seconds until the next try, where it is told.
  public var delay: Double?

  /// A retry.
  public init(status: Int? = nil, delay: Double? = nil) {
    self.status = status
    self.delay = delay
  }

  /// Whether it is the service that asks for less, and not a connection that broke.
  public var isBackPressure: Bool { status.map { $0 == 429 || $0 >= 500 } ?? false }

  /// For people.
  public var sentence: String {
    let why = status.map { " (HTTP \($0))" } ?? ""
    guard let delay else { return "waits for the API\(why)" }
    return "waits \((delay * 10).rounded() / 10) s for the API\(why)"
  }
}

/// A usage limit, and when it is over.
public struct UsageLimit: WireObject, Hashable {
  /// When it is over, seconds since 1970; nil: not told.
  public var resetsAt: Double?
  /// In how many seconds it is over, from when it was told; nil: not told.
  public var resetsIn: Double?
  /// When it is over by the clock on the wall; nil: not told.
  public var clock: WallClock?

  /// A limit.
  public init(resetsAt: Double? = nil, resetsIn: Double? = nil, clock: WallClock? = nil) {
    self.resetsAt = resetsAt
    self.resetsIn = resetsIn
    self.clock = clock
  }

  /// Reads the fields.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    resetsAt = try fields.optional("at", "when it is over")
    resetsIn = try fields.optional("in", "in how many seconds")
    clock = try fields.optional("clock", "when it is over by the clock on the wall")
  }

  /// Writes the fields.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("at", resetsAt)
    fields.set("in", resetsIn)
    fields.set("clock", clock)
  }

  /// When it is over, seen at `now`; a time that is past, or more than 35 days away, is not believed.
  /// - Parameter utcOffset: seconds that local time is ahead of UTC then.
  public func reset(now: Timestamp, utcOffset: (Timestamp) -> Int = { _ in 0 }) -> Timestamp? {
    let longest: Double = 35 * 86_400
    if let resetsAt, resetsAt.isFinite, abs(resetsAt) < 1e11 {
      let time = Timestamp(milliseconds: Int64(resetsAt * 1000))
      return time > now && time - now < longest ? time : nil
    }
    if let resetsIn, resetsIn.isFinite, resetsIn > 0, resetsIn < longest { return now + resetsIn }
    if let clock {
      let time = clock.end(now: now, utcOffset: utcOffset(now))
      return time - now < longest ? max(time, now + 1) : nil
    }
    return nil
  }
}

/// What the text of a failure says about the API. Asked of failures only: an answer may speak of limits too.
public enum APITrouble: Sendable, Hashable {
  /// The account may do nothing more for a while.
  case usageLimit(UsageLimit)
  /// Too many requests, or the service is overloaded: later will do.
  case overloaded(APIRetry)

  /// Reads a failure's text; nil: it is about something else.
  public init?(_ text: String) {
    let lower = text.prefix(4000).lowercased()
    let limits = ["usage limit", "limit reached", "quota exceeded", "out of extra usage"]
    // "You've hit your limit", "… your 5-hour limit", "… your usage limit".
    let isHit = lower.firstRange(of: "hit your ").map { lower[$0.upperBound...].prefix(40).contains("limit") } ?? false
    if isHit || limits.contains(where: { lower.contains($0) }) {
      self = .usageLimit(Self.reset(in: lower))
      return
    }
    let words = [
      ("overloaded", 529), ("rate limit", 429), ("rate_limit", 429), ("too many requests", 429),
      ("resource_exhausted", 429),
    ]
    let status = [429, 529, 503].first { Self.hasNumber($0, in: lower) }
    guard let status = status ?? words.first(where: { lower.contains($0.0) })?.1 else { return nil }
    self = .overloaded(APIRetry(status: status, delay: Self.reset(in: lower).resetsIn))
  }

  private static func hasNumber(_ number: Int, in text: String) -> Bool {
    text.split { !$0.isNumber }.contains { $0 == "\(number)" }
  }

  /// `…|1760000000`, `"resets_at": 1760000000`, `resets_in_seconds: 30`, `try again in 2 days 3 hours 5 minutes`,
  /// `try again at 2:59 PM`, `try again at Nov 26th, 2026 2:59 PM`.
  static func reset(in lower: String) -> UsageLimit {
    let words = lower.split { !($0.isNumber || $0.isLetter || $0 == ".") }.map { word in
      word.hasSuffix(".") ? word.dropLast() : word
    }
    let starts: Set<Substring> = ["again", "retry", "retrying", "resets", "reset"]
    var seconds = 0.0
    var isInside = false
    for (i, word) in words.enumerated() {
      if let value = Double(word), value >= 1e9, value < 1e11, word.count >= 10 { return UsageLimit(resetsAt: value) }
      if word == "at", i > 0, starts.contains(words[i - 1]), let clock = WallClock(words[(i + 1)...].prefix(6)) {
        return UsageLimit(clock: clock)
      }
      if word == "in", words[max(0, i - 4)..<i].contains(where: starts.contains) {
        isInside = true
        continue
      }
      guard isInside else { continue }
      if let (value, unit) = amount(word, i + 1 < words.count ? words[i + 1] : "") {
        seconds += value * unit
      } else if let value = Double(word), let unit = scale(words[i - 1]) {
        // `resets_in_seconds: 30`
        seconds += value * unit
      } else if scale(word) == nil, word != "and" {
        isInside = false
      }
    }
    return seconds > 0 ? UsageLimit(resetsIn: seconds) : UsageLimit()
  }

  /// `5 minutes` in two words, or `5m` in one.
  private static func amount(_ word: Substring, _ next: Substring) -> (Double, Double)? {
    if let value = Double(word) { return scale(next).map { (value, $0) } }
    let digits = word.prefix { $0.isNumber || $0 == "." }
    guard !digits.isEmpty, let value = Double(digits), let unit = scale(word[digits.endIndex...]) else { return nil }
    return (value, unit)
  }

  private static func scale(_ word: Substring) -> Double? {
    switch word {
    case "ms": 0.001
    case "s", "sec", "secs", "second", "seconds": 1
    case "m", "min", "mins", "minute", "minutes": 60
    case "h", "hr", "hour", "hours": 3600
    case "d", "day", "days": 86_400
    default: nil
    }
  }
}
