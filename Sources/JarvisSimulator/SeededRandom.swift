// Two functions of the C library's mathematics and nothing else of it: the simulator stays without I/O and clock.
import func Glibc.exp

/// Numbers that look random and are the same for the same seed, on every machine: SplitMix64 (Steele, Lea, Flood,
/// "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
public struct SeededRandom: RandomNumberGenerator, Sendable, Equatable {
  private var state: UInt64

  /// Begins a stream. Streams of one seed with different numbers have nothing to do with each other, so that what is
  /// drawn for one source of tasks doesn't depend on the others.
  public init(seed: UInt64, stream: UInt64 = 0) {
    state = seed
    let first = next()
    state = first ^ (stream &* 0xD1B5_4A32_D192_ED03)
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform, 0 or more and below 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Whether something with the probability `p` happens.
  mutating func chance(_ p: Double) -> Bool { uniform() < p }

  /// Standard normal, by Irwin and Hall: the sum of twelve uniform numbers, less six. No tails beyond 6.
  mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += uniform() }
    return sum
  }

  /// Log-normal: `median`, with `spread` as the standard deviation of the logarithm.
  mutating func spread(_ median: Double, _ spread: Double) -> Double {
    spread > 0 ? median * exp(spread * normal()) : median
  }
}
