/// How long and how much git may take. The values are for tests to make smaller.
struct GitBounds: Sendable {
  /// For what only asks: a name, a commit.
  var question = Duration.seconds(20)
  /// For what reads all files: status, diff.
  var reading = Duration.seconds(60)
  /// For what writes files: a checkout, a merge.
  var writing = Duration.seconds(300)
  /// How long a lock of somebody else's git is waited for, in all.
  var locks = Duration.seconds(10)
  /// How long a git that outlived its daemon may still work on a repository before it is killed.
  var leftover = Duration.seconds(30)
  /// Most bytes of names that are read.
  var names = 4 << 20
  /// Bytes that stay free on the disk of the worktrees.
  var reserve: UInt64 = 256 << 20
  /// Runs of git at once.
  var atOnce = 4
}
