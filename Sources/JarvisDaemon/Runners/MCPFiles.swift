import Glibc
import JarvisConfig
import JarvisProtocol

/// The files that tell agents' programs of Jarvis's own MCP server; private, rewritten at each start and reload.
enum MCPFiles {
  /// `jarvisctl` beside the running daemon; nil where it isn't.
  static let jarvisctl: String? = {
    guard let own = DataFolders.executable, let cut = own.lastIndex(of: "/") else { return nil }
    let path = own[..<cut] + "/jarvisctl"
    return access(String(path), X_OK) == 0 ? String(path) : nil
  }()

  /// Where the file of a form is.
  static func path(_ form: RunnerFile.MCPConfig, _ paths: Paths) -> String {
    "\(paths.runtime)/mcp-\(form.rawValue).json"
  }

  /// Writes those of all forms; returns what went wrong.
  static func write(_ paths: Paths) -> String? {
    guard let jarvisctl else { return "jarvisctl does not stand beside jarvisd" }
    let server: JSON = [
      "command": .string(jarvisctl), "args": ["mcp"], "env": ["JARVIS_SOCKET": .string(paths.socket)],
    ]
    let opencode: JSON = [
      "type": "local", "command": [.string(jarvisctl), "mcp"], "enabled": true,
      "environment": ["JARVIS_SOCKET": .string(paths.socket)],
    ]
    return write(["mcpServers": ["jarvis": server]], to: path(.servers, paths))
      ?? write(["mcp": ["jarvis": opencode]], to: path(.opencode, paths))
  }

  private static func write(_ json: JSON, to path: String) -> String? { PrivateFile.write(json.prettyText, to: path) }
}

/// Small files for agents.
enum PrivateFile {
  /// Writes a file that only its owner reads, whole or not at all; returns what went wrong.
  static func write(_ text: String, to path: String) -> String? {
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return "\(path) can't be written: \(String(cString: strerror(errno)))" }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes = bytes.dropFirst(count)
    }
    close(descriptor)
    guard bytes.isEmpty, rename(temporary, path) == 0 else {
      unlink(temporary)
      return "\(path) can't be written: \(String(cString: strerror(errno)))"
    }
    return nil
  }
}
