import Glibc

/// The pages of this program's own code.
public enum ProgramPages {
  /// Lets go of the code that is resident now, for after start-up, which touches much of the program once. What is used
  /// again is mapped again from the page cache, without a read from the disk. Only mappings that can't be written to are
  /// let go of, so nothing is lost. Where it can't be done, nothing happens.
  public static func release() {
    guard let maps = try? readFile("/proc/self/maps", limit: 1 << 20) else { return }
    for line in ByteText.lines(maps) {
      guard let range = codeRange(line), let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else {
        continue
      }
      madvise(start, Int(range.upperBound - range.lowerBound), Int32(MADV_DONTNEED))
    }
  }

  /// The addresses of a line of proc_pid_maps(5) that maps a file's code; nil for any other.
  static func codeRange(_ line: some Collection<UInt8>) -> Range<UInt>? {
    let fields = line.split(separator: 0x20, omittingEmptySubsequences: true)
    // Address, permissions, offset, device, inode, path; [vdso] and the like have no file.
    guard fields.count >= 6, fields[1].elementsEqual("r-xp".utf8), fields[5].first == UInt8(ascii: "/") else {
      return nil
    }
    let ends = fields[0].split(separator: UInt8(ascii: "-")).compactMap {
      UInt(String(decoding: $0, as: UTF8.self), radix: 16)
    }
    guard ends.count == 2, ends[0] < ends[1] else { return nil }
    return ends[0]..<ends[1]
  }
}
