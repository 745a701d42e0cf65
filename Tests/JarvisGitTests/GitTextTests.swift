import Testing

@testable import JarvisGit

@Suite struct GitTextTests {
  @Test func namesThatAreNotUTF8AreWrittenAsGitQuotesThem() {
    #expect(GitText.name(Array("häuser\n".utf8)) == "häuser\n")
    #expect(GitText.name([0x63, 0x61, 0x66, 0xE9]) == "caf\\351")
  }
}
