import Glibc
import JarvisProtocol

/// Why a call to the daemon came to nothing.
public enum ClientError: Error, Sendable, CustomStringConvertible {
  /// Nobody listens at the socket, or the socket may not be used.
  case noDaemon(path: String, cause: String)
  /// The daemon closed the connection before it answered.
  case connectionLost(path: String)
  /// The daemon answered with an error.
  case refused(RPC.Failure)
  /// No answer came in time.
  case timedOut(String)
  /// The daemon sent what is no answer of this protocol.
  case protocolFault(String)
  /// The path of the socket can't be used at all.
  case badSocketPath(String)

  /// A sentence for people: what is wrong and what to do.
  public var description: String {
    switch self {
    case .noDaemon(let path, let cause):
      "no daemon at \(path) (\(cause)): start it with `systemctl --user start jarvis.target` or `jarvisd --standalone`"
    case .connectionLost(let path): "the daemon at \(path) closed the connection before it answered"
    case .refused(let failure): failure.message
    case .timedOut(let what): what
    case .protocolFault(let what): "the daemon's answer can't be read: \(what)"
    case .badSocketPath(let what): what
    }
  }

  /// The exit status that says this: 1 refused, 2 usage, 3 no daemon, 4 timed out.
  public var exitStatus: Int32 {
    switch self {
    case .refused, .protocolFault: 1
    case .badSocketPath: 2
    case .noDaemon, .connectionLost: 3
    case .timedOut: 4
    }
  }
}

/// The system's words for an errno.
public func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
