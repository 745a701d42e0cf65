import JarvisProtocol

extension MCPContext {
  /// Branches that a client may mean: those with live tasks, then those of its repository that the hive-mind knows and
  /// that are not archived. An agent is told of its own.
  func branches() async throws(RPC.Failure) -> [String] {
    var names = try await self(StatsGet.self, StatsGet.Parameters(limit: 0)).branches.map(\.branchID)
    guard caller.agent == nil else { return names }
    var query = BranchList.Parameters()
    query.archived = false
    let known = (try? await self(BranchList.self, query))?.branches.map(\.branchID) ?? []
    let live = Set(names)
    names += known.reversed().filter { !live.contains($0) }
    return names
  }
}
