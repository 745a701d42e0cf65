import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

/// `jarvisctl top`
struct Top: ParsableCommand {
  static let configuration = verb(
    "top", "Shows the machine, the agents and the queue, live; keys cancel, pause, open logs.",
    example: """
      jarvisctl top
      jarvisctl top --once | head -5
      """,
    more: """
      `?` shows the keys. It needs a terminal of 40×8 or more, and goes on when the daemon is restarted. With --once it \
      prints one frame as text, as wide and as high as COLUMNS and LINES say where stdout is no terminal (80×24 \
      otherwise). With --json: the result of stats.get, once.
      """)

  @OptionGroup var globals: GlobalOptions

  @Flag(name: .long, help: "Print one frame as plain text.")
  var once = false

  @Option(name: .long, help: ArgumentHelp("How often to ask for the machine's state, 0.1 to 60 s.", valueName: "time"))
  var interval = TimeSpan(1)

  func validate() throws {
    guard (0.1...60).contains(interval.seconds) else {
      throw ValidationError("--interval must be 0.1 to 60 seconds, found \(Format.number(interval.seconds))")
    }
  }

  func run() throws {
    if globals.json { return put(try globals.connect().callRaw(StatsGet.name, StatsGet.Parameters().json)) }
    if once { return try printFrame() }
    guard isatty(0) == 1, isatty(1) == 1, environmentValue("TERM") != "dumb" else {
      throw Failure.usage(
        "top needs a terminal for keys and screen: `jarvisctl status` lists tasks, `jarvisctl top --once` prints one "
          + "frame")
    }
    // No daemon at the start is an error as for every verb; later it is waited for.
    _ = try globals.connect()
    var loop = TopLoop(socket: globals.socket, interval: interval.seconds, hasColor: globals.screen.hasColor)
    try loop.run()
  }

  private func printFrame() throws {
    let client = try globals.connect()
    let size = RawTerminal.size
    var state = TopState(columns: size.columns, rows: size.rows)
    let now = Monotonic.now
    for request in [TopRequest.ended, state.statsRequest()] {
      let call = request.call
      let reply = try client.callRaw(call.method, call.params)
      _ = state.take(.answer(request, .success(reply.json)), now: now)
    }
    put(TopLayout.plainText(state, time: .now, now: now))
  }
}
