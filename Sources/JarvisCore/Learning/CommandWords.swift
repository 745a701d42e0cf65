/// Reads a shell line far enough to see which programs it calls and with what. No more: nothing is expanded.
enum CommandWords {
  /// The simple commands of a line, as words without their quotes; redirections are left out.
  static func split(_ line: String) -> [[String]] {
    var commands: [[String]] = []
    var words: [String] = []
    var word: [UInt8] = []
    var isInWord = false
    var quote: UInt8?
    var isEscaped = false
    var dropsNext = false

    func endWord() {
      guard isInWord else { return }
      if dropsNext { dropsNext = false } else { words.append(String(decoding: word, as: UTF8.self)) }
      word = []
      isInWord = false
    }
    func endCommand() {
      endWord()
      dropsNext = false
      if !words.isEmpty { commands.append(words) }
      words = []
    }

    for byte in line.utf8.prefix(8192) {
      if isEscaped {
        word.append(byte)
        isInWord = true
        isEscaped = false
      } else if let open = quote {
        if byte == open {
          quote = nil
        } else if byte == UInt8(ascii: "\\"), open == UInt8(ascii: "\"") {
          isEscaped = true
        } else {
          word.append(byte)
        }
      } else {
        switch byte {
        case UInt8(ascii: "\\"): isEscaped = true
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
          quote = byte
          isInWord = true
        case UInt8(ascii: " "), UInt8(ascii: "\t"): endWord()
        case UInt8(ascii: "\n"), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "("), UInt8(ascii: ")"):
          endCommand()
        case UInt8(ascii: "&"):
          // In `2>&1` it names a descriptor.
          if !dropsNext || isInWord { endCommand() }
        case UInt8(ascii: ">"), UInt8(ascii: "<"):
          // A number right before it is a descriptor.
          if isInWord, word.allSatisfy({ (48...57).contains($0) }) {
            word = []
            isInWord = false
          }
          endWord()
          dropsNext = true
        default:
          word.append(byte)
          isInWord = true
        }
      }
      if commands.count >= 8 { return commands }
    }
    endCommand()
    return commands
  }

  /// `NAME=value`
  static func isAssignment(_ word: String) -> Bool {
    guard let equals = word.utf8.firstIndex(of: UInt8(ascii: "=")), equals != word.utf8.startIndex else { return false }
    return word.utf8[..<equals].enumerated().allSatisfy { i, byte in
      (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
        || (i > 0 && (48...57).contains(byte))
    }
  }
}
