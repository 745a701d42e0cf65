import Glibc
import JarvisClient
import JarvisProtocol

/// Waits for keys, the daemon, signals and the clock with one poll(2), and draws.
struct TopLoop {
  /// Frames are at least so many seconds apart: a burst of events is one frame.
  private static let shortestFrame = 0.05
  /// A lone Escape is one when nothing follows for so many seconds; over ssh a sequence may come in pieces.
  private static let escapeTime = 0.1
  /// The daemon is said to be silent after so many seconds without an answer.
  private static let patience = 3.0

  private let interval: Double
  private var link: TopLink
  private var state: TopState
  private var painter: Painter
  private var keys = KeyReader()
  private var escapeAt: Double?
  private var nextTick = 0.0
  private var drawnAt = 0.0
  private var isStale = true
  private var isOver = false
  private var death: Int32?

  /// - Parameter interval: seconds between two requests of the machine's state.
  init(socket: String, interval: Double, hasColor: Bool) {
    self.interval = interval
    link = TopLink(path: socket, now: Monotonic.now)
    painter = Painter(hasColor: hasColor)
    let size = RawTerminal.size
    state = TopState(columns: size.columns, rows: size.rows)
  }

  /// Shows the screen until a key or a signal ends it; the terminal is as before then.
  mutating func run() throws {
    let signals = try SignalPipe()
    do {
      defer { RawTerminal.leave() }
      try RawTerminal.enter()
      while !isOver {
        try step(Monotonic.now)
        wait(for: signals)
      }
    }
    if let death { signals.letHappen(death) }
    signals.close()
  }

  // MARK: - One turn

  private mutating func step(_ now: Double) throws {
    take(try link.connectIfDue(now: now), now)
    if now >= nextTick {
      nextTick = now + interval
      if !link.isAskingForStats { perform([.send(state.statsRequest())], now) }
      isStale = true
    }
    if case .pager(var pager) = state.mode, link.awaySince == nil, let request = pager.more(now: now) {
      state.mode = .pager(pager)
      perform([.send(request)], now)
    }
    if let escapeAt, now >= escapeAt { press(keys.giveUpWaiting(), now) }
    state.forgetOld(now: now)
    state.awaySince = link.awaySince
    state.silentSince = link.waitsSince.flatMap { now - $0 >= Self.patience ? $0 : nil }
    if isStale, now >= drawnAt + Self.shortestFrame { draw(now) }
  }

  private mutating func wait(for signals: SignalPipe) {
    var entries = [
      pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
      pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: link.descriptor, events: Int16(POLLIN | (link.wantsToWrite ? POLLOUT : 0)), revents: 0),
    ]
    let count = poll(&entries, UInt(entries.count), Monotonic.pollTimeout(until: wake))
    let now = Monotonic.now
    guard count > 0 else { return }
    if entries[1].revents != 0 { for signal in signals.take() { take(signal, signals) } }
    if entries[2].revents != 0 { take(link.move(now: now), now) }
    if entries[0].revents != 0, !isOver { readKeys(now) }
  }

  private var wake: Double {
    var times = [nextTick]
    if isStale { times.append(drawnAt + Self.shortestFrame) }
    if let deadline = link.deadline { times.append(deadline) }
    if let escapeAt { times.append(escapeAt) }
    if let notice = state.notice { times.append(notice.until) }
    if case .pager(let pager) = state.mode, let askAt = pager.log?.askAt, link.awaySince == nil { times.append(askAt) }
    return times.min() ?? nextTick
  }

  private mutating func draw(_ now: Double) {
    isStale = false
    drawnAt = now
    let bytes = painter.paint(TopLayout.frame(state, time: .now, now: now))
    guard !bytes.isEmpty else { return }
    switch RawTerminal.write(bytes) {
    case .done: break
    case .interrupted:
      painter.forget()
      isStale = true
    case .gone: isOver = true
    }
  }

  // MARK: - What comes

  private mutating func take(_ arrivals: [TopLink.Arrival], _ now: Double) {
    for arrival in arrivals {
      state.awaySince = link.awaySince
      perform(state.take(arrival, now: now), now)
      isStale = true
    }
  }

  private mutating func perform(_ effects: [TopEffect], _ now: Double) {
    for effect in effects {
      switch effect {
      case .send(let request): if link.send(request, now: now) { take(link.move(now: now), now) }
      case .repaint: painter.forget()
      case .quit: isOver = true
      }
    }
  }

  private mutating func readKeys(_ now: Double) {
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = bytes.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR || errno == EAGAIN { return }
    guard count > 0 else {
      // The terminal is gone.
      isOver = true
      return
    }
    press(keys.take(bytes[..<count]), now)
  }

  private mutating func press(_ keys: [Key], _ now: Double) {
    for key in keys where !isOver { perform(state.press(key, now: now), now) }
    escapeAt = self.keys.isWaiting ? now + Self.escapeTime : nil
    isStale = true
  }

  private mutating func take(_ signal: Int32, _ signals: SignalPipe) {
    switch signal {
    case SIGTSTP:
      RawTerminal.leave()
      signals.letHappen(signal)
      takeTerminalBack()
    // After SIGSTOP, which can't be caught, the shell has changed the terminal.
    case SIGCONT: takeTerminalBack()
    case SIGWINCH: resize()
    default:
      death = signal
      isOver = true
    }
  }

  private mutating func takeTerminalBack() {
    do { try RawTerminal.enter() } catch { isOver = true }
    resize()
  }

  private mutating func resize() {
    let size = RawTerminal.size
    state.resize(columns: size.columns, rows: size.rows)
    painter.forget()
    isStale = true
  }
}
