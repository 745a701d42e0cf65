import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl doctor`
struct Doctor: ParsableCommand {
  static let configuration = verb(
    "doctor", "Says what was found on this machine, what is missing, and how to mend it.", example: "jarvisctl doctor",
    more: """
      It works without a daemon too, and then says how to start one. Exit status 1 if something does not work. As \
      JSON: the result of daemon.doctor, or, without a daemon, what was found without it in the same form.
      """)

  @OptionGroup var globals: GlobalOptions

  func run() throws {
    let inspection = ClientInspection(socket: globals.socket)
    var checks = inspection.checks()
    var reply: Reply?
    do throws(ClientError) {
      let client = try globals.connect()
      let answer = try client.callRaw(DaemonDoctor.name, [:])
      checks.append(.init(subject: "daemon", status: .ok, found: "answers at \(globals.socket)"))
      checks += try Client.read(DaemonDoctor.self, answer).checks
      reply = answer
    } catch {
      checks.append(.init(subject: "daemon", status: .problem, found: "\(error)", advice: inspection.howToStart))
    }
    if globals.json {
      if let reply { put(reply) } else { put(DaemonDoctor.Result(checks: checks).json.text + "\n") }
    } else {
      put(Self.text(checks, on: globals.screen))
    }
    if checks.contains(where: { $0.status == .problem }) { throw ExitCode(1) }
  }

  private static func text(_ checks: [DaemonDoctor.Check], on screen: Screen) -> String {
    let width = checks.map { displayWidth(escaped($0.subject)) }.max() ?? 0
    return checks.map { check in
      let style: Style =
        switch check.status {
        case .ok: .green
        case .warning: .yellow
        case .problem: .red
        }
      let status = screen.paint(padded(check.status.rawValue, to: 7), style)
      let advice = check.advice.map { "\n\(String(repeating: " ", count: width + 11))\(escaped($0))" } ?? ""
      return "\(status)  \(padded(escaped(check.subject), to: width))  \(escaped(check.found))\(advice)\n"
    }.joined()
  }
}
