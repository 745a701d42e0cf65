extension StoredSchemas {
  /// What the migration for worktrees made, with one that waits to be merged and one that is gone.
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
    INSERT INTO worktree VALUES (1, 1, NULL, 'a', 'main', 'kept', '/s/worktrees/t1', 'jarvis/t1', 'abc', '/r/.git', '/r',
      '', 'main', 1795000000000, 1795000009000, 2, 10, 3, 1, 0, '[]', 0, NULL);
    INSERT INTO worktree VALUES (2, 1, 1, 'b', 'main', 'clean', '/s/worktrees/t2', 'jarvis/t2', 'abc', '/r/.git', '/r/x',
      'x', NULL, 1795000000000, 1795000009000, 0, 0, 0, 0, 0, NULL, 0, NULL);
    """
}
