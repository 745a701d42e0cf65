extension Migrations {
  /// The git worktrees of tasks, each by the task that it was made for. A row is written before git is told to make the
  /// worktree, and outlives its task for as long as the worktree is there: what lies on the disk is always known.
  /// The numbers from `read_at` on are of the last look at what was changed; `files` is JSON of the daemon's own.
  static let worktrees = """
    CREATE TABLE worktree (
      task INTEGER PRIMARY KEY NOT NULL,
      batch INTEGER NOT NULL,
      parent INTEGER,
      title TEXT NOT NULL,
      context TEXT NOT NULL,
      state TEXT NOT NULL,
      path TEXT NOT NULL,
      branch TEXT NOT NULL,
      base TEXT NOT NULL,
      repository TEXT NOT NULL,
      folder TEXT NOT NULL,
      subfolder TEXT NOT NULL,
      target TEXT,
      created_at INTEGER NOT NULL,
      read_at INTEGER,
      files_changed INTEGER,
      insertions INTEGER,
      deletions INTEGER,
      commits INTEGER,
      uncommitted INTEGER NOT NULL,
      files TEXT,
      patch_cut INTEGER NOT NULL,
      problem TEXT
    ) STRICT;
    CREATE INDEX worktree_batch ON worktree(batch);
    CREATE INDEX worktree_there ON worktree(task) WHERE state IN ('preparing', 'active', 'capturing', 'kept');
    """
}
