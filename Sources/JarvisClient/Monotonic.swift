import Glibc

/// The clock that deadlines are counted on: it never jumps (CLOCK_MONOTONIC).
public enum Monotonic {
  /// Seconds since some fixed point.
  public static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Milliseconds from now to `deadline` as poll(2) wants them: rounded up, so that poll never ends early; -1 for no
  /// deadline.
  public static func pollTimeout(until deadline: Double?) -> Int32 {
    guard let deadline else { return -1 }
    return Int32(min(max(0, ((deadline - now) * 1000).rounded(.up)), 86_400_000))
  }
}
