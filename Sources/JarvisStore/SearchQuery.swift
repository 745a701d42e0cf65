/// What a person typed into a search, as FTS5 phrases that are always well-formed.
///
/// Everything is quoted, so no word is taken for an operator. Text in double quotes is a phrase; other text is cut at
/// white space. What holds no letter and no digit is left out, since the index holds none of it either.
struct SearchQuery: Sendable {
  /// Each quoted, none twice.
  let terms: [String]

  /// More than a person types; bounds the work that one query can cause.
  static let maximumTerms = 32

  init(_ text: String) {
    // By scalars: a quote with a combining mark behind it is another Character, but still a quote to SQLite.
    // Control characters are no part of a word, and a NUL would end the expression early.
    let scalars = text.unicodeScalars.prefix(65_536).map { $0.value < 32 ? " " : $0 }
    var terms: [ArraySlice<Unicode.Scalar>] = []
    for (index, part) in scalars.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
      terms += index.isMultiple(of: 2) ? part.split(whereSeparator: \.properties.isWhitespace) : [part]
    }
    var seen: Set<String> = []
    var quoted: [String] = []
    for term in terms where quoted.count < Self.maximumTerms && Self.isSearchable(term) {
      let phrase = "\"\(String(String.UnicodeScalarView(term)))\""
      if seen.insert(phrase).inserted { quoted.append(phrase) }
    }
    self.terms = quoted
  }

  /// Whether the tokenizer (`unicode61`) sees anything in it.
  private static func isSearchable(_ term: ArraySlice<Unicode.Scalar>) -> Bool {
    term.contains { scalar in
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
        .letterNumber, .otherNumber, .privateUse:
        true
      default: false
      }
    }
  }
}
