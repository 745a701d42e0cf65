import Glibc
import JarvisProtocol
import Testing

@testable import JarvisDaemon

/// The document shows what is there.
@Suite("MCP: document", .timeLimit(.minutes(1)))
struct MCPDocumentTests {
  @Test("each tool's example is a good call of it")
  func examples() async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    _ = try await client.tool("spawn_parallel_tasks", try #require(MCPExamples.all["spawn_parallel_tasks"]))
    for tool in MCPTools.all {
      let example = try #require(MCPExamples.all[tool.name], "\(tool.name) has no example in MCPExamples")
      func reads<T: MCPTool>(_ tool: T.Type) throws { _ = try T.read(example) }
      try reads(tool)
    }
    #expect(MCPExamples.all.count == MCPTools.all.count)
  }

  @Test("docs/mcp.md is what `jarvisd --print-mcp` prints")
  func document() throws {
    let here = #filePath
    let root = here[..<(try #require(here.range(of: "/Tests/")?.lowerBound))]
    let file = try #require(fopen("\(root)/docs/mcp.md", "r"))
    defer { fclose(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { text += buffer[..<count] }
    #expect(String(decoding: text, as: UTF8.self) == MCPDocument.markdown, "make docs writes it anew")
  }

  @Test("names and descriptions are within what clients take")
  func bounds() {
    for tool in MCPTools.all {
      #expect(tool.name.utf8.count <= 128 && tool.name.allSatisfy { $0.isLowercase || $0 == "_" })
      #expect(tool.guide.utf8.count < 2048)
    }
    let many = (0..<100).map { TypeAdvice(type: "type number \($0)", benefit: 0.5) }
    #expect(MCPInstructions.text(learned: many).utf8.count < 2048)
  }
}
