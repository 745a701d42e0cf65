import CSystemd
import Glibc

/// Runs `body` on a small thread of its own that no signal is ever delivered to; nobody waits for its end.
///
/// - Throws: `SystemError` when the thread can't be made.
func startServiceThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  pthread_attr_setstacksize(&attributes, 256 << 10)
  // A thread inherits its maker's mask: with all signals blocked, none is ever delivered to it.
  var all = sigset_t()
  var previous = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_SETMASK, &all, &previous)
  defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
  var thread = pthread_t()
  let work = Unmanaged.passRetained(ThreadWork(name, body))
  let code = pthread_create(
    &thread, &attributes,
    { argument in
      guard let argument else { return nil }
      let work = Unmanaged<ThreadWork>.fromOpaque(argument).takeRetainedValue()
      jarvis_name_thread(work.name)
      work.body()
      return nil
    }, work.toOpaque())
  guard code == 0 else {
    work.release()
    throw SystemError("start", "the thread \(name)", code: code)
  }
}

private final class ThreadWork: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(_ name: String, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}
