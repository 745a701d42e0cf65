import JarvisProtocol
import Synchronization

extension Dispatcher {
  /// What the MCP sessions of this daemon work with.
  func makeMCPServices() -> MCPServices {
    MCPServices(
      methods: self, prompts: SkillPrompts(watch: skillWatch), advice: LearnersAdvice(methods: self), ledger: ledger,
      changes: HubChanges(hub: coordinator.events),
      confirmAbove: { [coordinator] in coordinator.published.withLock { $0.config.server.confirmAbove } },
      now: coordinator.now)
  }
}

/// The hub's events for MCP sessions, beside those of connections: they count down from -1.
struct HubChanges: ChangeFeed {
  private static let last = Atomic<Int>(0)
  let hub: EventHub

  func listen(_ sink: @escaping @Sendable (JSON) -> Void) -> Int {
    let number = Self.last.wrappingSubtract(1, ordering: .relaxed).newValue
    hub.subscribe(connection: number, filter: .init()) { line in
      if let event = line["params"] { sink(event) }
      return true
    }
    return number
  }

  func leave(_ number: Int) { hub.unsubscribe(connection: number) }
}
