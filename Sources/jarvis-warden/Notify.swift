import Glibc

/// systemd's readiness protocol (sd_notify(3)): datagrams to `$NOTIFY_SOCKET`. Without that variable, nothing.
struct Notify {
  private let fd: Int32

  init() {
    guard let name = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), let first = name.utf8.first,
      first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), name.utf8.count < 108
    else {
      fd = -1
      return
    }
    fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { return }
    // "@" stands for the NUL that begins an abstract name, whose length counts instead of an ending NUL.
    let result = withUnixAddress(name, abstract: first == UInt8(ascii: "@")) { connect(fd, $0, $1) }
    if result != 0 { log("NOTIFY_SOCKET is \(name), which can't be reached: \(errorText(errno))") }
  }

  /// Whether somebody listens.
  var isActive: Bool { fd >= 0 }

  /// Sends assignments such as `READY=1`, one a line.
  func send(_ state: String) {
    guard isActive else { return }
    var state = state
    _ = state.withUTF8 {
      Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
  }
}

/// Calls `body` with the address of a Unix socket. The path must be shorter than 108 bytes.
func withUnixAddress<Result>(
  _ path: String, abstract: Bool = false, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  let bytes = Array(path.utf8)
  withUnsafeMutableBytes(of: &address.sun_path) { field in
    for (index, byte) in bytes.prefix(field.count).enumerated() { field[index] = byte }
    if abstract { field[0] = 0 }
  }
  let length = MemoryLayout<sa_family_t>.size + bytes.count + (abstract ? 0 : 1)
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
  }
}
