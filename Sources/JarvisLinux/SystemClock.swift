import Glibc
import JarvisProtocol

/// The machine's clocks. (Not named `Clock`, which is the standard library's protocol.)
public enum SystemClock {
  /// The wall clock (CLOCK_REALTIME), which can be set and can jump: for what people read, not for measuring.
  public static func now() -> Timestamp {
    let time = read(CLOCK_REALTIME)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// Nanoseconds since boot, time asleep included (CLOCK_BOOTTIME); never goes back within one boot.
  public static func monotonicNanoseconds() -> UInt64 { nanoseconds(CLOCK_BOOTTIME) }

  /// Nanoseconds of CLOCK_MONOTONIC, the clock in which systemd wants `MONOTONIC_USEC` (sd_notify(3)).
  static func systemdNanoseconds() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }

  /// The identifier of this boot, 36 characters (random(4)); nil when the proc folder is not a kernel's.
  ///
  /// A process is named across restarts of the daemon by boot, pid and start ticks together.
  public static func bootID(procFolder: String = "/proc") -> String? {
    guard let bytes = try? readFile("\(procFolder)/sys/kernel/random/boot_id", limit: 128),
      let line = ByteText.lines(bytes).first
    else { return nil }
    return ByteText.string(line)
  }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    let time = read(clock)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // Cannot fail: the clocks named above exist in every kernel that Swift runs on (clock_gettime(2)).
    _ = clock_gettime(clock, &time)
    return time
  }
}
