import JarvisClient
import JarvisProtocol

/// Runs `body`; what the daemon has against a field of the request is said of the option that the field came from, for
/// who wrote options never saw the request.
func namingOptions<T>(_ body: () throws -> T) throws -> T {
  do { return try body() } catch ClientError.refused(let failure) {
    let message = namingOptions(failure.message)
    throw ClientError.refused(RPC.Failure(rawCode: failure.code, message: message, data: failure.data))
  }
}

/// A message in which the fields of a request for one task are the options of `run`: `params.tasks[0].not_before` is
/// `--not-before`. What no option gives stays as it is.
func namingOptions(_ message: String) -> String {
  var parts = message.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
  // Every second part stood between backquotes.
  for place in stride(from: 1, to: parts.count - 1, by: 2) {
    if let option = option(forField: parts[place]) { parts[place] = option }
  }
  return parts.joined(separator: "`")
}

private let sameNames: Set = [
  "name", "description", "type", "priority", "after", "retries", "delay", "not_before", "group", "cwd", "env", "runner",
  "isolation", "allow_dirty", "strategy", "memory", "cpu", "pids", "time", "output", "io_weight", "silence",
]

private func option(forField path: String) -> String? {
  guard path.hasPrefix("params.") else { return nil }
  var field = path.dropFirst("params.".count)
  for prefix in ["tasks[0].", "limits."] where field.hasPrefix(prefix) { field = field.dropFirst(prefix.count) }
  let name = String(field.prefix { $0 != "[" && $0 != "." })
  switch name {
  case "branch_id": return "--branch"
  case "parent_branch_id": return "--parent-branch"
  default: return sameNames.contains(name) ? "--" + String(name.map { $0 == "_" ? "-" : $0 }) : nil
  }
}
