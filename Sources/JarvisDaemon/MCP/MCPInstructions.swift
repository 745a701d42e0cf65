import JarvisProtocol

/// What a model is told once about this server. Clients cut it at 2 KB.
enum MCPInstructions {
  /// Bytes, with what was learned.
  static let most = 2047

  /// The instructions with a last line of what was learned, as many types of it as fit.
  static func text(learned: [TypeAdvice]) -> String {
    var text = base
    var separator = "\n\nLearned on this machine, time saved by running a type in parallel: "
    for advice in learned {
      let verdict = advice.benefit < 0.2 ? " (run these sequentially)" : ""
      let piece = "\(separator)\(Phrase.shortened(advice.type, to: 40)) \(Phrase.percent(advice.benefit))\(verdict)"
      guard text.utf8.count + piece.utf8.count < most else { break }
      text += piece
      separator = ", "
    }
    return separator == ", " ? text + "." : text
  }

  private static let base = """
    Jarvis runs tasks as agents in parallel on this machine. It decides from CPU, memory and what it has learned how many \
    run now; the rest wait in a queue and follow by themselves. Nothing submitted is lost, even if Jarvis restarts.

    When to use spawn_parallel_tasks:
    - Independent work (search for endpoints, for queries, for auth code): one call with all the tasks.
    - Map-reduce (analyze each file, then sum up): the map tasks and one task whose `after` names them, in the same call.
    - A chain (fetch, parse, store): each step names the one before in `after`. It gains nothing from parallelism.
    - One short command: run it yourself instead.

    A task is a `command` (argv list or shell line), or a `description` that an agent works on by itself: make that \
    self-contained, the agent sees nothing of this conversation. Set `type` (explore, analyze, test, ...): Jarvis learns by \
    type. Priority critical is only for what the user waits for. strategy "auto" is right unless you know better.

    Then: wait_for_tasks with the batch_id. When it answers before all are over (`timed_out`), call it again or do other \
    work; tasks go on either way. Then get_task_result for each task that you need. A queued task is no error: its `reason` \
    says what it waits for; don't submit it again. get_task_stats shows load and queue, cancel_tasks stops what is no longer \
    needed, learn_parallelization records what you saw a kind of task gain.

    Agents of a branch share findings: search_findings before looking yourself, store_finding for what others need, \
    get_batch_report for all that a batch found.
    """
}
