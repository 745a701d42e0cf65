/// What a model is told once about this server. Clients cut it at 2 KB.
enum MCPInstructions {
  static let text = """
    Jarvis runs tasks as agents in parallel on this machine. It decides from CPU, memory and what it has learned how many \
    run now; the rest wait in a queue and follow by themselves. Nothing submitted is lost, even if Jarvis restarts.

    When to use spawn_parallel_tasks:
    - Independent work (search for endpoints, for queries, for auth code): one call with all the tasks; never one call a task.
    - Map-reduce (analyze each file, then sum up): the map tasks and one task whose `after` names all of them, in the same call.
    - A chain (fetch, parse, store): give each step a `name` and let the next one name it in `after`, or use strategy \
    "sequential". It gains nothing from parallelism.
    - One short command: run it yourself instead.

    Each task is a `command` (argv list or shell line), or a `description` that an agent works on by itself: make that \
    self-contained, the agent sees nothing of this conversation. Set `type` (explore, analyze, test, ...) since Jarvis learns \
    by type, and `priority` critical only for what the user is waiting for. Keep `branch_id` the same for related work. \
    strategy "auto" is right unless you know better.

    Then: wait_for_tasks with the batch_id. When it answers before all are over (`timed_out`), call it again, or do other work \
    meanwhile: tasks go on either way, also when a wait is cancelled. Then get_task_result for each task that you need: it \
    gives the end of the output; page through long ones with `offset`. A queued task is no error: its `reason` says what it \
    waits for. Do not submit it again. get_task_stats shows load and queue, cancel_tasks stops what is no longer needed.

    Agents of a branch share findings: search_findings before looking yourself, store_finding for what others need, \
    get_batch_report for all that a batch found.

    When you saw that a kind of task gains much or little from running in parallel, say so with learn_parallelization.
    """
}
