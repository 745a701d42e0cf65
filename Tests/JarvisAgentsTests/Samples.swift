/// Streams in the real formats: those of claude as they were seen, the others as their projects document them.
enum Samples {
  static let claude = """
    {"type":"system","subtype":"init","session_id":"cf78-1","cwd":"/w","tools":["Bash"],"mcp_servers":[],"model":"claude-opus-5-5","permissionMode":"default"}
    {"type":"assistant","message":{"id":"m1","role":"assistant","content":[{"type":"text","text":"I look for it."}],"usage":{"input_tokens":1000,"cache_read_input_tokens":500,"output_tokens":10}},"parent_tool_use_id":null,"session_id":"cf78-1"}
    {"type":"assistant","message":{"id":"m1","role":"assistant","content":[{"type":"tool_use","name":"Grep","input":{"pattern":"login"}}],"usage":{"input_tokens":1000,"cache_read_input_tokens":500,"output_tokens":30}},"parent_tool_use_id":null,"session_id":"cf78-1"}
    {"type":"user","message":{"role":"user","content":[{"type":"tool_result","content":"src/auth.swift:12"}]}}
    {"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":1500,"error_status":429,"error":"rate_limit"}
    {"type":"assistant","message":{"id":"m2","role":"assistant","content":[{"type":"text","text":"FOUND: src/auth.swift:12"}],"usage":{"input_tokens":200,"output_tokens":50}},"parent_tool_use_id":null,"session_id":"cf78-1"}
    {"subtype":"success","is_error":false,"result":"FOUND: src/auth.swift:12 handles the login","session_id":"cf78-1","num_turns":2,"duration_ms":900,"total_cost_usd":0.0064,"usage":{"input_tokens":1200,"output_tokens":80,"cache_read_input_tokens":500},"permission_denials":[],"type":"result"}

    """

  static let codex = """
    {"type":"thread.started","thread_id":"th-7"}
    {"type":"turn.started"}
    {"type":"item.started","item":{"id":"i0","type":"command_execution","command":"bash -lc ls","status":"in_progress"}}
    {"type":"item.completed","item":{"id":"i0","type":"command_execution","command":"bash -lc ls","aggregated_output":"a\\n","exit_code":0,"status":"completed"}}
    {"type":"error","message":"stream error: 429 Too Many Requests; retrying 1/5 in 2s"}
    {"type":"item.completed","item":{"id":"i1","type":"agent_message","text":"There is one file."}}
    {"type":"turn.completed","usage":{"input_tokens":900,"cached_input_tokens":400,"output_tokens":20}}

    """

  static let gemini = """
    {"type":"init","timestamp":"2026-01-01T00:00:00Z","session_id":"g-1","model":"gemini-3-pro"}
    {"type":"message","role":"user","content":"List files"}
    {"type":"tool_use","tool_name":"run_shell_command","tool_id":"t1","parameters":{"command":"ls"}}
    {"type":"tool_result","tool_id":"t1","status":"success","output":"a"}
    {"type":"message","role":"assistant","content":"There is ","delta":true}
    {"type":"message","role":"assistant","content":"one file.","delta":true}
    {"type":"result","status":"success","stats":{"total_tokens":300,"input_tokens":250,"output_tokens":50,"cached":100,"duration_ms":900,"tool_calls":1}}

    """

  static let opencode = """
    {"type":"step_start","timestamp":1,"sessionID":"ses_1","part":{"type":"step-start"}}
    {"type":"tool_use","timestamp":2,"sessionID":"ses_1","part":{"tool":"bash","state":{"status":"completed","input":{"command":"ls"}}}}
    {"type":"step_finish","timestamp":3,"sessionID":"ses_1","part":{"reason":"tool-calls","cost":0.001,"tokens":{"input":100,"output":5,"reasoning":0,"cache":{"read":10,"write":0}}}}
    {"type":"step_start","timestamp":4,"sessionID":"ses_1","part":{"type":"step-start"}}
    {"type":"text","timestamp":5,"sessionID":"ses_1","part":{"text":"There is one file."}}
    {"type":"step_finish","timestamp":6,"sessionID":"ses_1","part":{"reason":"stop","cost":0.002,"tokens":{"input":120,"output":8,"reasoning":2,"cache":{"read":0,"write":30}}}}

    """

  static let text = "one\ntwo\nthree\n"
}
