/// A stream of each format; those of programs that have not been run here as their projects document them.
enum Samples {
  static let claude = Recorded.claude
  static let codex = Recorded.codex

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
