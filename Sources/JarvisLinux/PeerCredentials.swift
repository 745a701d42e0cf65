import CLinux
import Glibc

/// Who connected the other end of a Unix socket, by the kernel's word (unix(7), SO_PEERCRED).
///
/// It is what was true when the peer connected: the pid may have ended, and been used again, since.
public struct PeerCredentials: Sendable, Hashable {
  /// The process; 0 when it is outside of this pid namespace.
  public let pid: pid_t
  /// Its effective user and group.
  public let uid: uid_t
  /// See `uid`.
  public let gid: gid_t

  /// Asks the kernel about a connected socket.
  public init(socket: Int32) throws(SystemError) {
    var pid: pid_t = 0
    var uid: uid_t = 0
    var gid: gid_t = 0
    let code = jarvis_peer_credentials(socket, &pid, &uid, &gid)
    guard code >= 0 else { throw SystemError("ask who is on", "socket \(socket)", code: -code) }
    self.pid = pid
    self.uid = uid
    self.gid = gid
  }
}
