import Testing

@testable import JarvisLinux

struct ProgramPagesTests {
  @Test func onlyCodeOfFilesIsMeant() {
    func range(_ line: String) -> Range<UInt>? { ProgramPages.codeRange(Array(line.utf8)) }
    #expect(range("5581a000-5581c000 r-xp 00002000 08:01 1311 /usr/bin/a program") == 0x5581_a000..<0x5581_c000)
    // Writable, read only, no file, the kernel's own, and what is no such line.
    #expect(range("5581a000-5581c000 rwxp 00002000 08:01 1311 /usr/bin/a") == nil)
    #expect(range("5581a000-5581c000 r--p 00002000 08:01 1311 /usr/bin/a") == nil)
    #expect(range("5581a000-5581c000 r-xp 00000000 00:00 0") == nil)
    #expect(range("7ffc8000-7ffca000 r-xp 00000000 00:00 0 [vdso]") == nil)
    #expect(range("5581c000-5581a000 r-xp 00002000 08:01 1311 /usr/bin/a") == nil)
    #expect(range("zz-5581a000 r-xp 00002000 08:01 1311 /usr/bin/a") == nil)
    #expect(range("") == nil)
  }

  @Test func aProgramGoesOnWithoutItsPages() {
    let before = (1...1000).reduce(0, +)
    ProgramPages.release()
    #expect((1...1000).reduce(0, +) == before)
  }
}
