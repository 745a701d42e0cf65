import CLinux
import Glibc
import WardenProtocol

let version = "0.1.0"

/// Makes the process what a parent of agents must be: default signals, no stray descriptors, first three open, own
/// session, adoptive parent of orphans, last to be killed when memory runs out.
func prepareProcess() {
  jarvis_reset_signals()
  _ = jarvis_close_from(3)
  while true {
    let fd = open("/dev/null", O_RDWR)
    if fd > 2 {
      close(fd)
      break
    }
    guard fd >= 0 else { break }
  }
  // Fails for the leader of a process group, which a shell's job is; jarvisd and systemd start it as it should be.
  setsid()
  let code = jarvis_set_child_subreaper()
  if code < 0 { log("orphans of agents will not be reaped: \(errorText(-code))") }
  // Without the privilege it stays as it is; agents get a higher score anyway.
  _ = jarvis_set_oom_score_adj(-500)
  umask(0o077)
}

/// Makes the state folder and takes its lock, which the kernel gives back when the process dies.
func lockState(_ directory: String) throws(SystemError) {
  guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
    throw SystemError("The state folder \(directory) can't be made")
  }
  let path = directory + "/warden.lock"
  let fd = jarvis_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
  guard fd >= 0 else { throw SystemError("The lock \(path) can't be opened", code: -fd) }
  // A dead warden's newest child may hold a copy for the moment until it has closed what it inherited.
  for _ in 0..<50 {
    if flock(fd, LOCK_EX | LOCK_NB) == 0 {
      ftruncate(fd, 0)
      let line = "\(getpid())\n"
      _ = line.withCString { write(fd, $0, strlen($0)) }
      return
    }
    usleep(20_000)
  }
  let owner = SmallFile.text(path)?.prefix { $0 != "\n" } ?? "unknown"
  throw SystemError("Another warden (pid \(owner)) uses the state folder \(directory)", code: EWOULDBLOCK)
}

func serve(_ options: Options) throws(SystemError) {
  prepareProcess()
  try lockState(options.stateDirectory)
  let notify = Notify()
  let loop = try EventLoop()
  let server = try Server(path: options.socket, loop: loop)
  let spool = try Spool(directory: options.stateDirectory)
  let hash = String(fnv1a(options.socket.utf8), radix: 16)
  let identity = String((String(repeating: "0", count: 16 - hash.count) + hash).prefix(12))
  var placement = try TierDetection.run(options.cgroupRoot, identity: identity)

  let host: any Host
  if let groups = placement.groups {
    let launcher = try Launcher(identity: identity, fileLimit: nil)
    host = GroupHost(loop: loop, launcher: launcher, groups: groups, controllers: placement.controllers)
  } else {
    placement.leftovers = Strays.kill(identity: identity)
    // Each stub takes a pipe.
    var soft: UInt64 = 0
    let isRaised = jarvis_raise_file_limit(&soft) == 0
    host = StubHost(loop: loop, launcher: try Launcher(identity: identity, fileLimit: isRaised ? soft : nil))
  }
  for key in placement.leftovers { log("\(key) of a dead warden was killed") }
  let warden = Warden(
    options: options, placement: placement, loop: loop, server: server, spool: spool, host: host, notify: notify)
  try warden.run()
}

func start() -> Int32 {
  do throws(Options.UsageError) {
    let request = try Options.parse(Array(CommandLine.arguments.dropFirst())) { name in
      getenv(name).map { String(cString: $0) }
    }
    switch request {
    case .help: print(Options.help)
    case .version: print("jarvis-warden \(version) (protocol \(Frame.version))")
    case .run(let options):
      do {
        try serve(options)
      } catch {
        log("\(error)")
        return 1
      }
    }
    return 0
  } catch {
    log(error.message)
    return 2
  }
}

exit(start())
