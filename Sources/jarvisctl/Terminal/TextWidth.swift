/// The text made safe for a terminal: control characters (C0, DEL, C1), line separators and characters that turn the
/// writing direction are written out (`\n`, `\x1b`, `\u{202e}`). What agents and clients wrote must not drive the
/// terminal of whoever lists it.
func escaped(_ text: String, keepingNewlines: Bool = false) -> String {
  guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
  var out = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n" where keepingNewlines: out.append(scalar)
    case "\n": out.append(contentsOf: "\\n".unicodeScalars)
    case "\t": out.append(contentsOf: "\\t".unicodeScalars)
    case "\r": out.append(contentsOf: "\\r".unicodeScalars)
    case _ where !isUnsafe(scalar): out.append(scalar)
    case _ where scalar.value < 0x100:
      let digits = String(scalar.value, radix: 16)
      out.append(contentsOf: "\\x\(digits.utf8.count < 2 ? "0" : "")\(digits)".unicodeScalars)
    default: out.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
    }
  }
  return String(out)
}

private func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
  default: false
  }
}

/// Columns that a text takes on a terminal.
func displayWidth(_ text: String) -> Int {
  if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
  return text.reduce(0) { $0 + displayWidth($1) }
}

/// Columns of one character: 2 for East Asian wide ones and emoji, 0 for marks that stand alone.
func displayWidth(_ character: Character) -> Int {
  guard let first = character.unicodeScalars.first else { return 0 }
  if first.value < 0x300 { return first.value == 0xAD ? 0 : 1 }
  let isEmoji = character.unicodeScalars.contains { $0.properties.isEmojiPresentation || $0.value == 0xFE0F }
  if isEmoji || isWide(first.value) { return 2 }
  switch first.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format: return 0
  default: return 1
  }
}

/// Unicode Standard Annex 11, the blocks that are wide as a whole.
private func isWide(_ scalar: UInt32) -> Bool {
  switch scalar {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x17000...0x18CFF, 0x1B000...0x1B2FF,
    0x20000...0x3FFFD:
    true
  default: false
  }
}

/// The text in at most `width` columns, with an ellipsis where something is cut.
func clipped(_ text: String, to width: Int) -> String {
  guard displayWidth(text) > width else { return text }
  var out = ""
  var used = 0
  for character in text {
    let columns = displayWidth(character)
    if used + columns > width - 1 { break }
    out.append(character)
    used += columns
  }
  return width > 0 ? out + "…" : ""
}

/// The text filled with spaces up to `width` columns.
func padded(_ text: String, to width: Int, onTheLeft: Bool = false) -> String {
  let space = String(repeating: " ", count: max(0, width - displayWidth(text)))
  return onTheLeft ? space + text : text + space
}
