extension Migrations {
  /// Runs of skills. `sources` are the skill's files as they were, by name: a step that is expanded later, even after a
  /// restart, is expanded from them. What the columns from `ended_at` on hold is known when the run is over.
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
    """
}
