import JarvisDaemon
import JarvisProtocol
import Synchronization

/// Events as a test makes them.
final class MCPChanges: ChangeFeed, Sendable {
  private struct State {
    var next = 0
    var sinks: [Int: @Sendable (JSON) -> Void] = [:]
  }

  private let state = Mutex(State())

  var listeners: Int { state.withLock { $0.sinks.count } }

  func listen(_ sink: @escaping @Sendable (JSON) -> Void) -> Int {
    state.withLock { state in
      state.next += 1
      state.sinks[state.next] = sink
      return state.next
    }
  }

  func leave(_ number: Int) { _ = state.withLock { $0.sinks.removeValue(forKey: number) } }

  /// A task changed its state.
  func task(_ id: Int, batch: Int = 1, state: TaskState, from previous: TaskState?, session: String = "s1") {
    var event: JSONObject = [
      "sequence": 1, "kind": "task", "message": .string("t\(id) is \(state.rawValue)"),
      "task": [
        "id": .string("t\(id)"), "batch_id": .string("b\(batch)"), "session_id": .string(session), "branch_id": "main",
        "state": .string(state.rawValue),
      ],
    ]
    event["previous_state"] = previous.map { .string($0.rawValue) }
    publish(.object(event))
  }

  func publish(_ event: JSON) {
    for sink in state.withLock({ Array($0.sinks.values) }) { sink(event) }
  }
}

/// Prompts of two sorts.
struct MCPPrompts: PromptSource {
  func all() -> [PromptTemplate] {
    [
      PromptTemplate(
        name: "audit", description: "Audits a folder.",
        arguments: [
          .init(name: "path", description: "what to audit", isRequired: true),
          .init(name: "depth", description: "how deep", isRequired: false, choices: ["shallow", "deep"]),
        ]),
      PromptTemplate(name: "bare", description: "", arguments: []),
    ]
  }

  func text(_ name: String, _ arguments: [String: String]) throws(RPC.Failure) -> String {
    "\(name) \(arguments.json.text)"
  }
}

struct MCPAdvice: LearnedAdvice {
  func topTypes(_ limit: Int) async -> [TypeAdvice] {
    [TypeAdvice(type: "codebase_search", benefit: 0.85), TypeAdvice(type: "api_call", benefit: 0.1)]
  }
}

/// The ledger's storage in memory; handed to another daemon it is what survived.
final class MCPTaskMemory: MCPTaskStorage, Sendable {
  private let entries = Mutex<[String: String]>([:])

  var count: Int { entries.withLock { $0.count } }

  func load() async throws(RPC.Failure) -> [String] { entries.withLock { Array($0.values) } }

  func save(_ id: String, _ entry: String?) async throws(RPC.Failure) {
    entries.withLock { $0[id] = entry }
  }
}
