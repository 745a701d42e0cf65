/// `docs/protocol.md`, made from the types. A test compares it with the file.
public enum ProtocolDocument {
  /// The document as Markdown.
  public static var markdown: String {
    var out = """
      # The socket API

      This page is generated from the types in `Sources/JarvisProtocol` by `make docs`; a test fails when it is stale.

      One message of JSON-RPC 2.0 a line, UTF-8, at most `[server] max_line` bytes (16 MiB by default), over the Unix \
      socket `$XDG_RUNTIME_DIR/jarvis/jarvis.sock` (or `$JARVIS_SOCKET`, or `--socket`). Requests are answered as they \
      finish, not in order: match them by `id`. Batches of JSON-RPC are not served. The same connection speaks MCP.

      ```
      $ printf '%s\\n' '{"jsonrpc":"2.0","id":1,"method":"stats.get","params":{}}' | socat -t5 - UNIX-CONNECT:$XDG_RUNTIME_DIR/jarvis/jarvis.sock
      ```

      Sizes are bytes or a string with K, M, G, T (powers of 1024); durations are seconds or a string with ms, s, m, h, d; \
      times are RFC 3339 in UTC with milliseconds; ids are strings (`t42`, `b7`, `f3`). A field that is unknown is \
      refused with its path. What is not known is absent from an answer; `null` in a request stands for absent.

      ## Errors

      `error.data.kind` is the word below; `error.data.field` is the path of the field at fault, where one is.

      | code | kind | when |
      |---|---|---|

      """
    for code in RPC.ErrorCode.allCases { out += "| \(code.rawValue) | `\(code.kind)` | \(code.documentation) |\n" }
    out += "\n## Methods\n\n"
    for method in Methods.all { out += "- [`\(method.name)`](#\(method.name.filter { $0 != "." }))\n" }
    for method in Methods.all { out += section(method) }
    out += "\n## Notifications\n\n### `event`\n\nSent to connections that called `events.subscribe`.\n\n"
    out += table(Event.fields)
    out += "\n## Objects\n"
    for (name, fields) in objects { out += "\n### \(name)\n\n" + table(fields) }
    return out
  }

  private static let objects: [(String, [SchemaField])] = [
    ("Task (asked for)", TaskSpec.fields), ("Task (shown)", TaskView.fields), ("Limits", TaskLimits.fields),
    ("Usage", TaskUsage.fields), ("Batch", BatchView.fields), ("Resources", Resources.fields),
    ("Branch counts", BranchCounts.fields), ("Learning", Learning.fields), ("Resource share", ResourceShare.fields),
    ("Finding", FindingView.fields), ("Batch totals", BatchTotals.fields), ("Skill", SkillView.fields),
    ("Skill parameter", SkillParameterView.fields),
    ("Check", DaemonDoctor.Check.fields),
  ]

  private static func section(_ method: any Method.Type) -> String {
    func fields<M: Method>(_ method: M.Type) -> (parameters: [SchemaField], result: [SchemaField]) {
      (M.Parameters.fields, M.Result.fields)
    }
    let all = fields(method)
    var out = "\n### `\(method.name)`\n\n\(method.summary)\n\n"
    out += "```json\n\(RPC.request(id: 1, method: method.name, params: method.example).text)\n```\n\n"
    out += all.parameters.isEmpty ? "No parameters.\n" : table(all.parameters)
    out += "\nResult: " + (named(all.result) ?? "\n\n" + table(all.result)) + "\n"
    return out
  }

  /// An object that has a table of its own further down.
  private static func named(_ fields: [SchemaField]) -> String? {
    objects.first { $0.1 == fields }.map { "a \($0.0)." }
  }

  private static func words(_ schema: Schema) -> String {
    switch schema {
    case .object(let fields): named(fields).map { String($0.dropFirst(2).dropLast()) } ?? "object"
    case .list(let element, _, let maxItems): "list of \(words(element))" + (maxItems.map { ", at most \($0)" } ?? "")
    case .oneOf(let forms): forms.map(words).joined(separator: " or ")
    default: schema.words
    }
  }

  private static func table(_ fields: [SchemaField]) -> String {
    var out = "| field | type | | meaning |\n|---|---|---|---|\n"
    for field in fields {
      let need =
        field.isRequired ? "always" : (field.defaultValue.map { "default `\($0.text)`" } ?? "optional")
      out += "| `\(field.name)` | \(words(field.schema)) | \(need) | \(field.documentation) |\n"
    }
    return out
  }
}
