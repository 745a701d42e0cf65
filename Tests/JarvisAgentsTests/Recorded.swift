/// What the real programs wrote, driven against the stand-in of their APIs (`Tests/agents/api.py`): Claude Code 2.1.331
/// and Codex 0.163.0, on 24 November 2026. Identifiers, times and paths are made up, long lists and statistics cut.
enum Recorded {
  /// A command, a 429 that is tried again, a call of Jarvis's own server, an answer.
  static let claude = #"""
    {"type":"system","subtype":"init","cwd":"/w","session_id":"cf78d2a0-0000-4000-8000-000000000001","tools":["Task","Bash"],"mcp_servers":[{"name":"jarvis","status":"connected","source":"dynamic"}],"model":"claude-opus-5-5","permissionMode":"default","slash_commands":["deep-research","design"],"terminal_slash_commands":["doctor","color"],"apiKeySource":"ANTHROPIC_API_KEY","claude_code_version":"2.1.331","output_style":"default","agents":["claude","Explore"],"skills":["deep-research","design"],"plugins":[{"name":"cc-plugin-agents-md","path":"builtin","source":"cc-plugin-agents-md@builtin"},{"name":"cc-plugin-telemetry","path":"builtin","source":"cc-plugin-telemetry@builtin"}],"capabilities":["interrupt_receipt_v1","interrupt_cancel_queued_v1"],"analytics_disabled":false,"product_feedback_disabled":false,"served_by_anthropic":false,"uuid":"00000000-0000-4000-8000-000000000001","sandbox_enabled":false,"additional_directories":[],"per_turn_effort_active":true,"ultrathink_available":false,"ultrathink_typed_raises":false,"view_mode":"default"}
    {"type":"assistant","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"tool_use","id":"toolu_1_0","name":"Bash","input":{"command":"echo hello","description":"says hello"}}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":1},"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000002","timestamp":"2026-11-24T15:00:00.000Z"}
    {"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_1_0","type":"tool_result","content":"hello","is_error":false}]},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000003","timestamp":"2026-11-24T15:00:00.000Z","tool_use_result":{"stdout":"hello","stderr":"","interrupted":false,"isImage":false,"noOutputExpected":false}}
    {"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":1001,"error_status":429,"error":"rate_limit","session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000004"}
    {"type":"assistant","message":{"id":"msg_2","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"tool_use","id":"toolu_2_0","name":"mcp__jarvis__store_finding","input":{"text":"Logins: auth.swift"}}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":1},"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000005","timestamp":"2026-11-24T15:00:00.000Z","tool_use_meta":[{"id":"toolu_2_0","display_name":"Share a finding","server_display_name":"jarvis","tool_name":"store_finding"}]}
    {"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_2_0","type":"tool_result","content":"{\"summary\":\"Stored as f1 on branch main.\",\"id\":\"f1\",\"branch_id\":\"main\"}"}]},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000006","timestamp":"2026-11-24T15:00:00.000Z","tool_use_result":{"content":"{\"summary\":\"Stored as f1 on branch main.\",\"id\":\"f1\",\"branch_id\":\"main\"}","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"jarvis","title":"Jarvis","version":"0.1.0"}},"structuredContent":{"summary":"Stored as f1 on branch main.","id":"f1","branch_id":"main"}}}
    {"type":"assistant","message":{"id":"msg_3","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"text","text":"FOUND: auth.swift handles the login"}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":200,"cache_read_input_tokens":50,"cache_creation_input_tokens":0,"output_tokens":1},"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000007","timestamp":"2026-11-24T15:00:00.000Z"}
    {"duration_api_ms":500,"stop_reason":"end_turn","session_id":"cf78d2a0-0000-4000-8000-000000000001","total_cost_usd":0.0024100000000000002,"usage":{"input_tokens":400,"cache_creation_input_tokens":0,"cache_read_input_tokens":50,"output_tokens":40,"service_tier":"standard","speed":"standard"},"modelUsage":{"claude-opus-5-5":{"inputTokens":400,"outputTokens":40,"cacheReadInputTokens":50,"cacheCreationInputTokens":0,"costUSD":0.0024100000000000002,"costBasis":"list"}},"permission_denials":[],"terminal_reason":"completed","is_error":false,"num_turns":3,"subtype":"success","api_error_status":null,"result":"FOUND: auth.swift handles the login","type":"result","duration_ms":500,"uuid":"00000000-0000-4000-8000-000000000008","model_usage_since_last_result":{"claude-opus-5-5":{"inputTokens":400,"outputTokens":40,"cacheReadInputTokens":50,"cacheCreationInputTokens":0,"costUSD":0.0024100000000000002,"costBasis":"list"}}}

    """#

  /// An account whose usage limit is reached in the second turn.
  static let claudeLimit = #"""
    {"type":"assistant","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[{"type":"tool_use","id":"toolu_1_0","name":"Bash","input":{"command":"echo hello","description":"says hello"}}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":1},"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000002","timestamp":"2026-11-24T15:00:00.000Z"}
    {"type":"rate_limit_event","rate_limit_info":{"status":"allowed","isUsingOverage":false},"uuid":"00000000-0000-4000-8000-000000000003","session_id":"cf78d2a0-0000-4000-8000-000000000001"}
    {"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_1_0","type":"tool_result","content":"hello","is_error":false}]},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000004","timestamp":"2026-11-24T15:00:00.000Z","tool_use_result":{"stdout":"hello","stderr":"","interrupted":false,"isImage":false,"noOutputExpected":false}}
    {"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1900000000,"rateLimitType":"five_hour","isUsingOverage":false},"uuid":"00000000-0000-4000-8000-000000000005","session_id":"cf78d2a0-0000-4000-8000-000000000001"}
    {"type":"assistant","message":{"diagnostics":null,"id":"00000000-0000-4000-8000-00000000000f","container":null,"model":"<synthetic>","role":"assistant","stop_details":null,"stop_reason":"stop_sequence","stop_sequence":"","type":"message","usage":{"output_tokens_details":null,"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"service_tier":null,"inference_geo":null,"iterations":null,"speed":null},"content":[{"type":"text","text":"You've hit your 5-hour limit · resets 3:27pm (UTC)"}],"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000006","timestamp":"2026-11-24T15:00:00.000Z","error":"rate_limit","is_api_error_message":true,"api_error_status":429,"api_error":"usage_limit_reached","api_error_params":{"rate_limit_info":{"status":"rejected","resetsAt":1900000000,"rateLimitType":"five_hour","isUsingOverage":false}},"api_error_type":"rate_limit_error"}
    {"duration_api_ms":500,"stop_reason":"stop_sequence","session_id":"cf78d2a0-0000-4000-8000-000000000001","total_cost_usd":0.00030000000000000003,"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":10,"service_tier":"standard","speed":"standard"},"modelUsage":{"claude-sonnet-5-5":{"inputTokens":100,"outputTokens":10,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.00030000000000000003,"costBasis":"list"}},"permission_denials":[],"terminal_reason":"api_error","is_error":true,"num_turns":2,"subtype":"success","api_error_status":429,"api_error_type":"rate_limit_error","api_error":"usage_limit_reached","result":"You've hit your 5-hour limit · resets 3:27pm (UTC)","type":"result","duration_ms":500,"uuid":"00000000-0000-4000-8000-000000000007","model_usage_since_last_result":{"claude-sonnet-5-5":{"inputTokens":100,"outputTokens":10,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.00030000000000000003,"costBasis":"list"}}}

    """#

  /// `--max-budget-usd` is used up: `usage` tells nothing then.
  static let claudeBudget = #"""
    {"type":"assistant","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"tool_use","id":"toolu_1_0","name":"Bash","input":{"command":"echo hello","description":"says hello"}}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100000,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":1},"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000002","timestamp":"2026-11-24T15:00:00.000Z"}
    {"duration_api_ms":500,"stop_reason":"tool_use","session_id":"cf78d2a0-0000-4000-8000-000000000001","total_cost_usd":0.41000000000000003,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"service_tier":"standard","speed":"standard"},"modelUsage":{"claude-opus-5-5":{"inputTokens":100000,"outputTokens":500,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.41000000000000003,"costBasis":"list"}},"permission_denials":[],"terminal_reason":"budget_exhausted","is_error":true,"num_turns":1,"subtype":"error_max_budget_usd","errors":["Reached maximum budget ($0.01)"],"type":"result","duration_ms":500,"uuid":"00000000-0000-4000-8000-000000000003","model_usage_since_last_result":{"claude-opus-5-5":{"inputTokens":100000,"outputTokens":500,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.41000000000000003,"costBasis":"list"}}}

    """#

  /// The API refuses a call for good; its words have a 429 in them.
  static let claudeRefused = #"""
    {"type":"assistant","message":{"diagnostics":null,"id":"00000000-0000-4000-8000-00000000000f","container":null,"model":"<synthetic>","role":"assistant","stop_details":null,"stop_reason":"stop_sequence","stop_sequence":"","type":"message","usage":{"output_tokens_details":null,"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"service_tier":null,"inference_geo":null,"iterations":null,"speed":null},"content":[{"type":"text","text":"API Error: 400 max_tokens: 429 is too many"}],"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000002","timestamp":"2026-11-24T15:00:00.000Z","error":"unknown","is_api_error_message":true,"api_error_status":400,"api_error_type":"invalid_request_error"}
    {"duration_api_ms":500,"stop_reason":"stop_sequence","session_id":"cf78d2a0-0000-4000-8000-000000000001","total_cost_usd":0,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"service_tier":"standard","speed":"standard"},"modelUsage":{},"permission_denials":[],"terminal_reason":"api_error","is_error":true,"num_turns":1,"subtype":"success","api_error_status":400,"api_error_type":"invalid_request_error","result":"API Error: 400 max_tokens: 429 is too many","type":"result","duration_ms":500,"uuid":"00000000-0000-4000-8000-000000000003","model_usage_since_last_result":{}}

    """#

  /// The API's stream breaks off in the first message.
  static let claudeCut = #"""
    {"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":588,"error_status":null,"error":"unknown","session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000002"}
    {"type":"assistant","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"text","text":"whole"}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":1},"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000003","timestamp":"2026-11-24T15:00:00.000Z"}
    {"duration_api_ms":500,"stop_reason":"end_turn","session_id":"cf78d2a0-0000-4000-8000-000000000001","total_cost_usd":0.0006000000000000001,"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":10,"service_tier":"standard","speed":"standard"},"modelUsage":{"claude-opus-5-5":{"inputTokens":100,"outputTokens":10,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.0006000000000000001,"costBasis":"list"}},"permission_denials":[],"terminal_reason":"completed","is_error":false,"num_turns":1,"subtype":"success","api_error_status":null,"result":"whole","type":"result","duration_ms":500,"uuid":"00000000-0000-4000-8000-000000000004","model_usage_since_last_result":{"claude-opus-5-5":{"inputTokens":100,"outputTokens":10,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.0006000000000000001,"costBasis":"list"}}}

    """#

  /// SIGINT in the second turn; the exit status is 0.
  static let claudeInterrupted = #"""
    {"type":"assistant","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"tool_use","id":"toolu_1_0","name":"Bash","input":{"command":"echo hello","description":"says hello"}}],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":1},"context_management":null},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000002","timestamp":"2026-11-24T15:00:00.000Z"}
    {"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_1_0","type":"tool_result","content":"hello","is_error":false}]},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000003","timestamp":"2026-11-24T15:00:00.000Z","tool_use_result":{"stdout":"hello","stderr":"","interrupted":false,"isImage":false,"noOutputExpected":false}}
    {"type":"user","message":{"role":"user","content":[{"type":"text","text":"[Request interrupted by user]"}]},"parent_tool_use_id":null,"session_id":"cf78d2a0-0000-4000-8000-000000000001","uuid":"00000000-0000-4000-8000-000000000004","timestamp":"2026-11-24T15:00:00.000Z"}
    {"duration_api_ms":500,"stop_reason":"tool_use","session_id":"cf78d2a0-0000-4000-8000-000000000001","total_cost_usd":0.0006000000000000001,"usage":{"input_tokens":100,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":10,"service_tier":"standard","speed":"standard"},"modelUsage":{"claude-opus-5-5":{"inputTokens":100,"outputTokens":10,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.0006000000000000001,"costBasis":"list"}},"permission_denials":[],"terminal_reason":"aborted_streaming","is_error":true,"num_turns":3,"subtype":"error_during_execution","errors":["[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=tool_use"],"type":"result","duration_ms":500,"uuid":"00000000-0000-4000-8000-000000000005","model_usage_since_last_result":{"claude-opus-5-5":{"inputTokens":100,"outputTokens":10,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.0006000000000000001,"costBasis":"list"}}}

    """#

  /// As that of claude; the first item is a warning about the model's name.
  static let codex = #"""
    {"type":"thread.started","thread_id":"01a20e11-0000-7000-8000-000000000001"}
    {"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `gpt-5.1-codex` not found. Defaulting to fallback metadata; this can degrade performance and cause issues."}}
    {"type":"turn.started"}
    {"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"/bin/bash -lc 'echo hello'","aggregated_output":"","exit_code":null,"status":"in_progress"}}
    {"type":"item.completed","item":{"id":"item_1","type":"command_execution","command":"/bin/bash -lc 'echo hello'","aggregated_output":"hello\n","exit_code":0,"status":"completed"}}
    {"type":"error","message":"Reconnecting... 1/5 (exceeded retry limit, last status: 429 Too Many Requests)"}
    {"type":"item.started","item":{"id":"item_2","type":"mcp_tool_call","server":"jarvis","tool":"store_finding","arguments":{"text":"Logins: auth.swift"},"result":null,"error":null,"status":"in_progress"}}
    {"type":"item.completed","item":{"id":"item_2","type":"mcp_tool_call","server":"jarvis","tool":"store_finding","arguments":{"text":"Logins: auth.swift"},"result":{"content":[{"type":"text","text":"{\"summary\":\"Stored as f2 on branch main.\",\"id\":\"f2\",\"branch_id\":\"main\"}"}],"structured_content":{"summary":"Stored as f2 on branch main.","id":"f2","branch_id":"main"}},"error":null,"status":"completed"}}
    {"type":"item.completed","item":{"id":"item_3","type":"agent_message","text":"FOUND: auth.swift handles the login"}}
    {"type":"turn.completed","usage":{"input_tokens":450,"cached_input_tokens":50,"cache_write_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":0}}

    """#

  /// `codex exec resume` of that session: tokens are those of both.
  static let codexResumed = #"""
    {"type":"thread.started","thread_id":"01a20e11-0000-7000-8000-000000000001"}
    {"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `gpt-5.1-codex` not found. Defaulting to fallback metadata; this can degrade performance and cause issues."}}
    {"type":"turn.started"}
    {"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"Sure."}}
    {"type":"turn.completed","usage":{"input_tokens":810,"cached_input_tokens":110,"cache_write_input_tokens":0,"output_tokens":70,"reasoning_output_tokens":0}}

    """#

  /// An account whose usage limit is reached, until later that day.
  static let codexLimit = #"""
    {"type":"thread.started","thread_id":"01a20e11-0000-7000-8000-000000000001"}
    {"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `gpt-5.1-codex` not found. Defaulting to fallback metadata; this can degrade performance and cause issues."}}
    {"type":"turn.started"}
    {"type":"error","message":"You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at 5:27 PM."}
    {"type":"turn.failed","error":{"message":"You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at 5:27 PM."}}

    """#

  /// The same, until another day.
  static let codexLimitLater = #"""
    {"type":"thread.started","thread_id":"01a20e11-0000-7000-8000-000000000001"}
    {"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `gpt-5.1-codex` not found. Defaulting to fallback metadata; this can degrade performance and cause issues."}}
    {"type":"turn.started"}
    {"type":"error","message":"You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at Nov 27th, 2026 3:27 PM."}
    {"type":"turn.failed","error":{"message":"You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at Nov 27th, 2026 3:27 PM."}}

    """#

  /// The API refuses a call for good.
  static let codexRefused = #"""
    {"type":"thread.started","thread_id":"01a20e11-0000-7000-8000-000000000001"}
    {"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `gpt-5.1-codex` not found. Defaulting to fallback metadata; this can degrade performance and cause issues."}}
    {"type":"turn.started"}
    {"type":"error","message":"{\"error\": {\"type\": \"invalid_request_error\", \"message\": \"no such thing\"}}"}
    {"type":"turn.failed","error":{"message":"{\"error\": {\"type\": \"invalid_request_error\", \"message\": \"no such thing\"}}"}}

    """#

  /// A 429 without `Retry-After`: it gives up at once.
  static let codexBusy = #"""
    {"type":"thread.started","thread_id":"01a20e11-0000-7000-8000-000000000001"}
    {"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `gpt-5.1-codex` not found. Defaulting to fallback metadata; this can degrade performance and cause issues."}}
    {"type":"turn.started"}
    {"type":"error","message":"exceeded retry limit, last status: 429 Too Many Requests"}
    {"type":"turn.failed","error":{"message":"exceeded retry limit, last status: 429 Too Many Requests"}}

    """#

  /// The API's stream breaks off in the first message.
  static let codexCut = #"""
    {"type":"thread.started","thread_id":"01a20e11-0000-7000-8000-000000000001"}
    {"type":"item.completed","item":{"id":"item_0","type":"error","message":"Model metadata for `gpt-5.1-codex` not found. Defaulting to fallback metadata; this can degrade performance and cause issues."}}
    {"type":"turn.started"}
    {"type":"error","message":"Reconnecting... 1/5 (stream disconnected before completion: Transport error: network error: error decoding response body)"}
    {"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"whole"}}
    {"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":0,"cache_write_input_tokens":0,"output_tokens":10,"reasoning_output_tokens":0}}

    """#
}
