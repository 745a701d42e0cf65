/// The words of the screen that stand for themselves.
enum TopText {
  static let keys = [
    ("?", "help"), ("q", "quit"), ("c", "cancel"), ("p", "pause"), ("r", "resume"), ("l", "log"), ("w", "why"),
    ("/", "filter"), ("s", "sort"), ("+-", "priority"), ("t", "retry"), ("d", "drain"),
  ]

  static let pageKeys = [("q", "back"), ("j/k", "scroll"), ("space/b", "page"), ("g/G", "ends")]

  static let logKeys = [
    ("q", "back"), ("j/k", "scroll"), ("space/b", "page"), ("g/G", "ends"), ("F", "follow"), ("e", "stdout/stderr"),
  ]

  static let help = """
    MOVE
      j k ↓ ↑        one task down, up
      PgDn PgUp      half a screen down, up
      g G Home End   the first, the last task
      Tab            the next section

    THE SELECTED TASK
      l Enter        its output
      w              why it is where it is, in full
      c              cancel (asks first)
      p r            pause, resume
      + -            more urgent, less urgent (while it waits)
      t              try it again (when it ended without success)

    THE SCREEN
      /              show tasks that contain a text; Esc shows all again
      s              order of the agents: age, cpu, memory
      d              drain: start nothing more, or start again (asks first)
      Ctrl-L         draw anew
      q Ctrl-C       quit; Ctrl-Z suspends

    IN AN OUTPUT
      j k space b    scroll; g goes to the beginning, G to the end
      F              follow what comes, or stop following
      e Tab          stdout or stderr
      q Esc          back

    CPU is in cores. MEM/LIMIT has a bar where the task has a limit. PSI: the
    share of the last 10 seconds in which everything waited for memory or io,
    and something for cpu.
    """
}
