/// Text made safe for a terminal, broken between words to its width, each line behind so many spaces. Elsewhere it is
/// one line. A word that is longer than a line is left whole: the terminal breaks it.
func paragraph(_ text: String, on screen: Screen, indent: Int = 0) -> String {
  let margin = String(repeating: " ", count: indent)
  guard let width = screen.width else { return margin + escaped(text) + "\n" }
  var lines: [String] = []
  var line = ""
  for word in escaped(text, keepingNewlines: true).split(whereSeparator: { $0 == " " || $0 == "\n" }) {
    if line.isEmpty {
      line = String(word)
    } else if indent + displayWidth(line) + 1 + displayWidth(String(word)) <= width {
      line += " \(word)"
    } else {
      lines.append(line)
      line = String(word)
    }
  }
  if !line.isEmpty || lines.isEmpty { lines.append(line) }
  return lines.map { margin + $0 + "\n" }.joined()
}
