extension StoredSchemas {
  /// What the migration for runs of skills made, with a run that is over and one that is not.
  static let skillRuns = """
    CREATE TABLE skill_run (
      batch INTEGER PRIMARY KEY NOT NULL,
      skill TEXT NOT NULL,
      parameters TEXT NOT NULL,
      sources TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      ended_at INTEGER,
      succeeded INTEGER,
      tasks INTEGER,
      failed INTEGER,
      wall REAL,
      work REAL,
      bottleneck TEXT,
      bottleneck_seconds REAL
    ) STRICT;
    CREATE INDEX skill_run_skill ON skill_run(skill, batch);
    CREATE INDEX skill_run_open ON skill_run(batch) WHERE ended_at IS NULL;
    INSERT INTO skill_run VALUES (1, 'map-reduce', '{}', '{}', 1795000000000, 1795000009000, 1, 4, 0, 9, 20, 'map', 7);
    INSERT INTO skill_run VALUES (2, 'map-reduce', '{}', '{}', 1795000000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
      NULL);
    """
}
