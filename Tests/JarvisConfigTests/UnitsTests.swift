import Testing

@testable import JarvisConfig

@Suite struct UnitsTests {
  @Test(arguments: [
    ("0", 0), ("4096", 4096), ("64K", 65_536), ("64k", 65_536), ("16M", 16 << 20), ("16MiB", 16 << 20),
    ("16 MB", 16 << 20), ("1.5G", 3 << 29), ("2T", 2 << 40), ("10B", 10),
  ])
  func sizesAreBytesOrHaveAUnitOfPowersOf1024(text: String, bytes: Int) {
    #expect(Size.parse(text) == bytes)
  }

  @Test(arguments: [
    "", "K", "-1", "1e3", "0x10", "1.2.3", ".5", "5.", "10X", "10KK", "9999999999T", "inf", "1 2", "K1",
  ])
  func whatIsNoSizeIsRefused(text: String) {
    #expect(Size.parse(text) == nil)
  }

  @Test(arguments: [
    ("0", 0.0), ("90", 90), ("0.5", 0.5), ("500ms", 0.5), ("90s", 90), ("5m", 300), ("1h30m", 5400),
    ("1h 30m", 5400), ("2d", 172_800), ("1d2h3m4s5ms", 93_784.005), ("1.5h", 5400),
  ])
  func durationsAreSecondsOrHaveUnits(text: String, seconds: Double) throws {
    #expect(abs(try #require(DurationText.parse(text)) - seconds) < 1e-9)
  }

  @Test(arguments: ["", "s", "-5s", "5x", "30m1h", "1h1h", "5 minutes", "1h30", "1e9", "inf", "nan", "9999999999999d"])
  func whatIsNoDurationIsRefused(text: String) {
    #expect(DurationText.parse(text) == nil)
  }

  @Test(arguments: [0, 1, 1000, 1024, 1536, 1 << 20, 3 << 29, 1 << 40, 1 << 50])
  func formattedSizesReadBackTheSame(bytes: Int) {
    #expect(Size.parse(Size.format(bytes)) == bytes)
  }

  @Test(arguments: [0, 0.001, 0.1, 0.5, 1, 59.999, 60, 61.5, 90, 3600, 5400, 86_400, 93_784.005, 2_592_000])
  func formattedDurationsReadBackToTheMillisecond(seconds: Double) throws {
    let text = DurationText.format(seconds)
    #expect(abs(try #require(DurationText.parse(text), "\(text)") - seconds) < 0.0005, "\(text)")
  }
}
