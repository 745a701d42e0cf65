import Glibc
import JarvisClient

/// Writes all bytes to a descriptor. A reader that has left ends the program with status 0.
func put(_ bytes: some Sequence<UInt8>, to descriptor: Int32 = 1) {
  let bytes = Array(bytes)
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
    if count >= 0 {
      written += count
    } else if errno == EAGAIN {
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&entry, 1, -1)
    } else if errno == EPIPE {
      exit(0)
    } else if errno != EINTR {
      if descriptor != 2 { complain("can't write: \(systemMessage(errno))") }
      exit(1)
    }
  }
}

/// Writes a text to stdout (or another descriptor).
func put(_ text: String, to descriptor: Int32 = 1) { put(text.utf8, to: descriptor) }

/// Writes a result as it came over the socket, on a line of its own.
func put(_ reply: Reply) { put(Array(reply.bytes) + [0x0A]) }

/// Says on stderr what is wrong.
func complain(_ message: String) { put("jarvisctl: \(message)\n", to: 2) }
