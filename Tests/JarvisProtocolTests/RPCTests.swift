import Testing

@testable import JarvisProtocol

@Suite struct RPCTests {
  func refusal(_ json: JSON) -> RPC.Failure? {
    do throws(RPC.Failure) {
      _ = try RPC.Message(json)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("[]", "batches of JSON-RPC are not served"), ("7", "a message must be an object"),
    (#"{"id":1,"method":"x"}"#, "`jsonrpc` must be \"2.0\""),
    (#"{"jsonrpc":"2.0","id":{},"method":"x"}"#, "`id` must be a string or a number"),
    (#"{"jsonrpc":"2.0","id":1,"method":7}"#, "`method` must be a string"),
    (#"{"jsonrpc":"2.0","id":1,"method":"x","params":3}"#, "`params` must be an object"),
    (#"{"jsonrpc":"2.0","id":1}"#, "`method` is missing"),
  ]) func `what is no request is refused as such`(text: String, message: String) throws {
    let failure = try #require(refusal(try JSON(parsing: text)))
    #expect(failure.code == -32600)
    #expect(failure.message.contains(message))
    #expect(failure.data?["kind"] == "invalid_request")
  }

  @Test func `a request without an id is a notification`() throws {
    guard case .notification("x", nil) = try RPC.Message(["jsonrpc": "2.0", "method": "x"]) else {
      Issue.record("no notification")
      return
    }
  }

  @Test func `error codes and kinds are unique`() {
    let all = RPC.ErrorCode.allCases
    #expect(Set(all.map(\.rawValue)).count == all.count)
    #expect(Set(all.map(\.kind)).count == all.count)
  }

  @Test func `a wrong method's neighbours are named`() {
    #expect(Methods.near("task.spwan").first == "task.spawn")
    #expect(Methods.near("completely.different.thing").isEmpty)
  }
}
