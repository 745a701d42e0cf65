import JarvisProtocol

/// Arguments of each tool as a model would give them, for the document. A test calls every tool with them.
public enum MCPExamples {
  /// By the tool's name.
  public static let all: [String: JSON] = [
    "spawn_parallel_tasks": [
      "tasks": [
        ["description": "Search codebase for authentication logic", "type": "explore", "priority": "high"],
        ["name": "lint", "command": "make lint"],
        ["command": ["make", "report"], "after": ["lint"], "limits": ["time": "10m"]],
      ],
      "branch_id": "security-audit", "strategy": "auto",
    ],
    "get_task_stats": ["branch_id": "security-audit", "limit": 20],
    "learn_parallelization": [
      "task_type": "codebase_search", "parallel_benefit": 0.85,
      "notes": "Searching multiple directories in parallel saves 60% time", "resource_cost": ["cpu": 0.4, "ram": 0.2],
    ],
    "wait_for_tasks": ["batch_id": "b1", "timeout_seconds": 0],
    "get_task_result": ["id": "t1", "max_bytes": 20_000],
    "ask_agent": ["id": "t1", "prompt": "Which of these findings is exploitable without a login?"],
    "cancel_tasks": ["ids": ["t3"]],
    "run_skill": [
      "name": "map-reduce", "parameters": ["files": "src/*.c", "map": "wc -l {item}", "reduce": "cat {outputs}/*"],
    ],
    "store_finding": [
      "text": "Logins are checked in src/auth.swift:12, without a limit of attempts", "kind": "warning",
      "tags": ["auth"],
      "confidence": 0.9,
    ],
    "search_findings": ["query": "login attempts", "limit": 5],
    "get_finding": ["id": "1"],
    "get_batch_report": ["batch_id": "b1"],
    "list_tasks": ["branch_id": "security-audit", "states": ["failed", "timed_out"], "limit": 20],
    "get_task_log": ["id": "t1", "stream": "stderr", "offset": -4096],
    "explain_task": ["id": "t3"],
    "pause_tasks": ["batch_id": "b1"],
    "resume_tasks": ["batch_id": "b1"],
    "retry_tasks": ["batch_id": "b1"],
    "edit_task": ["id": "t3", "priority": "critical"],
    "manage_worktrees": ["action": "list"],
  ]
}
