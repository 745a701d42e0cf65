import Foundation
import GRDB
import JarvisProtocol
import Synchronization

@testable import JarvisStore

/// A folder that is gone when the test is.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "jarvis-store-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var database: String { path + "/jarvis.db" }

  func open() throws -> Store { try Store(path: database) }
}

/// Holds the writer until opened, so that a test decides what is in one group.
final class WriterGate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  init(_ store: Store) {
    let entered = DispatchSemaphore(value: 0)
    store.pool.asyncWriteWithoutTransaction { [semaphore] _ in
      entered.signal()
      _ = semaphore.wait(timeout: .now() + 30)
    }
    entered.wait()
  }

  func open() { semaphore.signal() }
}

/// Collects the outcomes of `enqueue` by name.
final class Outcomes: Sendable {
  private let state = Mutex<[String: Result<Void, StoreError>]>([:])

  func note(_ name: String) -> @Sendable (Result<Void, StoreError>) -> Void {
    { result in self.state.withLock { $0[name] = result } }
  }

  func succeeded(_ name: String) -> Bool {
    if case .success = state.withLock({ $0[name] }) { true } else { false }
  }

  func error(_ name: String) -> StoreError? {
    if case .failure(let error) = state.withLock({ $0[name] }) { error } else { nil }
  }

  var count: Int { state.withLock { $0.count } }
}

let noon = Timestamp(milliseconds: 1_795_000_000_000)

func someBatch(_ id: UInt64, key: String? = nil, branch: String = "main", at: Timestamp = noon) -> BatchRow {
  BatchRow(
    id: BatchID(id), requestKey: key, branch: branch, strategy: .auto, session: "s1", submittedAt: at, name: "b\(id)")
}

func someTask(
  _ id: UInt64, batch: UInt64, state: TaskState = .queued, branch: String = "main", environment: Int64? = nil,
  endedAt: Timestamp? = nil
) -> TaskRow {
  TaskRow(
    id: TaskID(id), batch: BatchID(batch), seq: Int(id), name: "task-\(id)", type: "explore", priority: .medium,
    branch: branch, session: "s1", state: state, reason: "Waits for its turn.",
    specJSON: #"{"command":["grep","-rn","SELECT"],"description":"Search for SQL injection patterns"}"#,
    environmentHash: environment, submittedAt: noon, endedAt: endedAt ?? (state.isTerminal ? noon + 1 : nil))
}

func someFinding(
  _ id: Int64, _ text: String, title: String? = nil, scope: String = "repo", branch: String = "main",
  tags: String = "[]", key: String? = nil, expiresAt: Timestamp? = nil
) -> FindingRow {
  FindingRow(
    id: id, scope: scope, branch: branch, taskID: TaskID(1), kind: "note", title: title, text: text, tagsJSON: tags,
    key: key, confidence: 0.5, at: noon, expiresAt: expiresAt)
}
