extension Migrations {
  /// What finished tasks showed, and what was made of it.
  ///
  /// - `observation`: one a finished attempt, numbered by the daemon; JSON that only the daemon reads. Bounded by age
  ///   and number (`Change.pruneObservations`). It has no index by type: it is written with every end of a task, and
  ///   read by people.
  /// - `profile`: what is known of a type, as of the observation that `meta` names `learned_through`. Later ones are
  ///   taken in anew at start-up.
  static let learning = """
    CREATE TABLE observation (
      id INTEGER PRIMARY KEY NOT NULL,
      type TEXT NOT NULL,
      at INTEGER NOT NULL,
      json TEXT NOT NULL
    ) STRICT;
    CREATE TABLE profile (type TEXT PRIMARY KEY NOT NULL, at INTEGER NOT NULL, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """
}
