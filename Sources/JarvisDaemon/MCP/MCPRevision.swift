import JarvisProtocol

/// The revisions of MCP that are served, oldest first. Whatever depends on a revision is asked of `traits`, so that all
/// differences stand in one table.
public enum MCPRevision: String, Sendable, Hashable, CaseIterable {
  case v2024November = "2024-11-05"
  case v2025March = "2025-03-26"
  case v2025June = "2025-06-18"
  case v2025November = "2025-11-25"
  case v2026July = "2026-07-28"

  /// How long calls become tasks of MCP.
  enum TaskDialect: Sendable, Hashable {
    /// Not at all.
    case none
    /// Where the client puts `task` beside the arguments; `tasks/result` waits.
    case core
    /// The extension `io.modelcontextprotocol/tasks`: the server decides; `tasks/get` carries the result.
    case `extension`
  }

  /// What a revision has that its elders have not.
  struct Traits: Sendable, Hashable {
    /// No `initialize`: the version and the client's capabilities come in every request's `_meta`, results carry
    /// `resultType`, those that may be cached also `ttlMs` and `cacheScope`. The server sends no requests, and changes
    /// come through `subscriptions/listen` only.
    var stateless = false
    /// A tool's `annotations`; a progress notification's `message`; the capability `completions`.
    var annotations = false
    /// A tool's `outputSchema`, a result's `structuredContent`.
    var structuredContent = false
    /// `title` and `_meta` beside the name of a tool or a program; `elicitation/create`.
    var titles = false
    var tasks = TaskDialect.none
  }

  var traits: Traits {
    switch self {
    case .v2024November: Traits()
    case .v2025March: Traits(annotations: true)
    case .v2025June: Traits(annotations: true, structuredContent: true, titles: true)
    case .v2025November: Traits(annotations: true, structuredContent: true, titles: true, tasks: .core)
    case .v2026July:
      Traits(stateless: true, annotations: true, structuredContent: true, titles: true, tasks: .extension)
    }
  }

  /// The code of the error for a resource that is not there.
  var missingResourceCode: Int { traits.stateless ? RPC.ErrorCode.invalidParams.rawValue : -32002 }

  /// What `initialize` is answered with where the client asks for a revision that is unknown or has no `initialize`.
  static let newestWithInitialize = MCPRevision.v2025November

  /// All revisions as JSON, newest first. Those with `initialize` are named too: a client that speaks both eras learns
  /// from it that `initialize` would work.
  static let supported = JSON.array(allCases.reversed().map { .string($0.rawValue) })
}
