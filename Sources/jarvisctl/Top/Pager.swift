import JarvisProtocol

/// A text over the whole screen that can be scrolled: an output, a reason, the help.
struct Pager {
  /// Where an output is read from.
  struct Log {
    let id: TaskID
    let stream: OutputStream
    /// Where the text that is held begins in the output; nil when its beginning was dropped.
    var first: Int?
    var next: Int?
    var isOver = false
    var isAsking = false
    var isAskingEarlier = false
    /// When to ask for more.
    var askAt: Double?
    /// What stands beside the title.
    var remark = ""
  }

  /// Text held at most, in bytes.
  private static let most = 2 << 20
  private static let piece = 65_536

  let title: String
  /// Tells this view from one that was closed.
  let serial: Int
  var log: Log?
  private(set) var text: WrappedText
  /// The first row shown; nil: the last rows, also when more come.
  private(set) var top: Int?
  /// Rows that fit.
  private var height: Int

  /// A text from its beginning.
  init(title: String, text: String, columns: Int, height: Int) {
    self.title = title
    self.height = max(1, height)
    serial = 0
    self.text = WrappedText(width: columns)
    self.text.append(text)
    top = 0
  }

  /// An output from its end.
  init(title: String, log: Log, serial: Int, columns: Int, height: Int) {
    self.title = title
    self.log = log
    self.serial = serial
    self.height = max(1, height)
    text = WrappedText(width: columns)
  }

  /// The rows on the screen.
  var shown: ArraySlice<String> {
    let first = min(top ?? lastTop, lastTop)
    return text.rows[first..<min(text.rows.count, first + height)]
  }

  /// Which rows are shown, of how many.
  var position: (first: Int, last: Int, of: Int) {
    let shown = shown
    return (shown.isEmpty ? 0 : shown.startIndex + 1, shown.endIndex, text.rows.count)
  }

  /// Whether it shows what comes.
  var follows: Bool { log != nil && top == nil }

  private var lastTop: Int { max(0, text.rows.count - height) }

  // MARK: - Moving

  mutating func resize(columns: Int, height: Int) {
    let place = Double(top ?? 0) / Double(max(1, text.rows.count))
    text.setWidth(columns)
    self.height = max(1, height)
    if top != nil { top = min(lastTop, Int(place * Double(text.rows.count))) }
  }

  /// Scrolls, and asks for what is before the text that is held.
  mutating func press(_ key: Key) -> [TopRequest] {
    scroll(key)
    return earlier()
  }

  /// Scrolls.
  mutating func scroll(_ key: Key) {
    switch key {
    case .character("j"), .down, .enter: scroll(1)
    case .character("k"), .up: scroll(-1)
    case .character(" "), .pageDown, .control("f"): scroll(max(1, height - 1))
    case .character("b"), .pageUp, .control("b"): scroll(-max(1, height - 1))
    case .control("d"): scroll(max(1, height / 2))
    case .control("u"): scroll(-max(1, height / 2))
    case .character("g"), .home: top = 0
    case .character("G"), .end: top = log == nil ? lastTop : nil
    case .character("F"), .character("f"): if log != nil { top = top == nil ? lastTop : nil }
    default: break
    }
  }

  private mutating func scroll(_ rows: Int) {
    let new = (top ?? lastTop) + rows
    // At the end of an output, going down means following it.
    top = new >= lastTop && log != nil && rows > 0 ? nil : min(max(0, new), lastTop)
  }

  // MARK: - Reading an output

  /// The first request: the end of the output.
  mutating func begin() -> TopRequest? {
    guard let log else { return nil }
    self.log?.isAsking = true
    return request(TaskLogs.Parameters(id: log.id, stream: log.stream, offset: -Self.piece))
  }

  /// Asks for more where it is time to.
  mutating func more(now: Double) -> TopRequest? {
    guard let log, !log.isAsking, !log.isOver, let next = log.next, let askAt = log.askAt, now >= askAt else {
      return nil
    }
    self.log?.isAsking = true
    self.log?.askAt = nil
    return request(TaskLogs.Parameters(id: log.id, stream: log.stream, offset: next, waitSeconds: 10))
  }

  private mutating func earlier() -> [TopRequest] {
    guard let log, top == 0, let first = log.first, first > 0, !log.isAskingEarlier, text.size < Self.most else {
      return []
    }
    self.log?.isAskingEarlier = true
    let start = max(0, first - Self.piece)
    var parameters = TaskLogs.Parameters(id: log.id, stream: log.stream, offset: start)
    parameters.maxBytes = first - start
    return [.log(parameters, TopRequest.LogPiece(serial: serial, isEarlier: true))]
  }

  private func request(_ parameters: TaskLogs.Parameters) -> TopRequest {
    .log(parameters, TopRequest.LogPiece(serial: serial, isEarlier: false))
  }

  /// Takes a piece of the output.
  mutating func take(_ piece: TaskLogs.Result, isEarlier: Bool, now: Double) {
    guard var log else { return }
    defer { self.log = log }
    if isEarlier {
      log.isAskingEarlier = false
      guard log.first != nil else { return }
      log.first = piece.offset
      let added = text.prepend(piece.data)
      if let top { self.top = top + added }
      return
    }
    log.isAsking = false
    if log.first == nil, log.next == nil { log.first = piece.offset }
    text.append(piece.data)
    if text.size > Self.most {
      log.first = nil
      let before = text.rows.count
      text.halve()
      if let top { self.top = max(0, top - (before - text.rows.count)) }
    }
    log.next = piece.nextOffset
    log.isOver = piece.end
    log.remark = piece.state.rawValue
    if !piece.end {
      // An output that grows faster than anyone reads is followed at its end.
      if follows, piece.size - piece.nextOffset > 4 * Self.piece {
        log.next = piece.size - Self.piece
        text.append("\n… \(Format.size(piece.size - Self.piece - piece.nextOffset)) left out …\n")
        log.first = nil
      }
      log.askAt = now + (piece.data.isEmpty ? 0.5 : 0.1)
    }
  }

  /// The daemon came back: what was asked before has no answer.
  mutating func reconnected(now: Double) -> TopRequest? {
    guard log != nil else { return nil }
    log?.isAsking = false
    log?.isAskingEarlier = false
    log?.askAt = now
    return log?.next == nil ? begin() : nil
  }

  /// The daemon refused to read it.
  mutating func refuse(_ why: String) {
    log?.isAsking = false
    log?.isAskingEarlier = false
    log?.isOver = true
    text.append("\n" + why + "\n")
  }
}
