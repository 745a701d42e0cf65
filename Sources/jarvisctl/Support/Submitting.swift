import Glibc
import JarvisClient
import JarvisProtocol

/// Submits a batch, once: where the daemon goes away before it has answered, the same batch is sent again with the
/// same key, and the daemon answers with the first one's tasks if it had taken them.
func submit(_ method: String, _ params: JSON, _ globals: GlobalOptions) throws -> (client: Client, reply: Reply) {
  let params = withKey(params)
  return try globals.persevering(globals.connect(), for: 10) { client in
    (client, try client.callRaw(method, params, timeout: 120))
  }
}

private func withKey(_ params: JSON) -> JSON {
  guard case .object(var object) = params, object["request_key"] == nil else { return params }
  object["request_key"] = .string("ctl-\(randomWord())")
  return .object(object)
}

/// 16 hexadecimal digits from the kernel's random numbers.
func randomWord() -> String {
  let digits = String(UInt64.random(in: .min ... .max), radix: 16)
  return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}

/// The folder that this program runs in.
func currentFolder() -> String? {
  guard let path = getcwd(nil, 0) else { return nil }
  defer { free(path) }
  return String(cString: path)
}

/// A path that means the same to the daemon, whose folder is another.
func absolutePath(_ path: String) -> String {
  path.hasPrefix("/") ? path : "\(currentFolder() ?? "")/\(path)"
}

/// Says what was submitted.
func submitted(_ batch: TaskSpawn.Result, on screen: Screen) -> String {
  var table = TaskTable(columns: [.id, .name, .state, .priority, .type, .reason])
  for task in batch.tasks { table.add(task) }
  let head = "batch \(batch.batchID) on branch \(escaped(batch.branchID)), strategy \(batch.strategy.rawValue)\n"
  return (screen.width == nil ? "" : head) + table.text(on: screen)
}
