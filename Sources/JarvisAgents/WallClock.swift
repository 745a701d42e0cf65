import JarvisProtocol

/// A time by the clock on the wall, to the minute, as programs tell it to people: `2:59 PM`, `Nov 26th, 2026 2:59 PM`.
public struct WallClock: WireObject, Hashable {
  /// Of the day, 0 to 1439.
  public var minute: Int
  /// Days since 1 January 1970; nil: today.
  public var day: Int?

  /// A minute of today, or of a day.
  public init(minute: Int, day: Int? = nil) {
    self.minute = minute
    self.day = day
  }

  /// Reads the fields.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    minute = try fields.required("minute", "of the day")
    day = try fields.optional("day", "since 1970")
  }

  /// Writes the fields.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("minute", minute)
    fields.set("day", day)
  }

  /// Reads lower-case words, `nov 26th 2026` or nothing, then `2 59 pm`; nil where they are something else.
  init?(_ words: ArraySlice<Substring>) {
    var rest = words
    var date: Int?
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    if let name = rest.first, let month = months.firstIndex(where: { name.hasPrefix($0) }) {
      let numbers = rest.dropFirst().prefix(2).compactMap { Int($0.prefix { $0.isNumber }) }
      guard numbers.count == 2, (1...31).contains(numbers[0]), (1970...9999).contains(numbers[1]) else { return nil }
      date = Int(Timestamp.days(year: Int64(numbers[1]), month: Int64(month + 1), day: Int64(numbers[0])))
      rest = rest.dropFirst(3)
    }
    let clock = Array(rest.prefix(3))
    guard clock.count == 3, let hour = Int(clock[0]), let minute = Int(clock[1]), (1...12).contains(hour),
      (0...59).contains(minute), clock[2] == "am" || clock[2] == "pm"
    else { return nil }
    self.init(minute: (hour % 12 + (clock[2] == "pm" ? 12 : 0)) * 60 + minute, day: date)
  }

  /// The end of that minute; the programs cut the seconds off.
  func end(now: Timestamp, utcOffset: Int) -> Timestamp {
    let local = Int((now - Timestamp(milliseconds: 0)).rounded(.down)) + utcOffset
    let today = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
    return Timestamp(milliseconds: Int64(((day ?? today) * 86_400 + (minute + 1) * 60 - utcOffset) * 1000))
  }
}
