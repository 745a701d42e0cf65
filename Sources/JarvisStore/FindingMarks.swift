import JarvisProtocol

/// The words of the index that say where a finding belongs (`finding.marks`). Digits keep the stemmer away from them.
enum FindingMarks {
  static func branch(_ id: Int64) -> String { "b\(id)" }
  static func kind(_ kind: String) -> String { "k\(kind)" }
  static func tag(_ tag: String) -> String { "t\(UInt64(bitPattern: Hash.of([tag])))" }

  /// All of a finding's.
  static func all(branch: Int64, kind: String, tagsJSON: String) -> String {
    ([Self.branch(branch), Self.kind(kind)] + tags(tagsJSON)).joined(separator: " ")
  }

  /// Those of its tags.
  static func tags(_ tagsJSON: String) -> [String] {
    guard let json = try? JSON(parsing: tagsJSON), let tags = try? [String].read(json, at: .root("tags")) else {
      return []
    }
    return tags.map(tag)
  }
}

enum Hash {
  /// FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo), of the texts one after the other: stable over runs.
  static func of(_ texts: [String?]) -> Int64 {
    var h: UInt64 = 0xcbf2_9ce4_8422_2325
    for text in texts {
      for byte in (text ?? "").utf8 { h = (h ^ UInt64(byte)) &* 0x100_0000_01b3 }
      // Absent, empty and neighbouring texts stay apart.
      h = (h ^ (text == nil ? 0x1FE : 0x1FF)) &* 0x100_0000_01b3
    }
    return Int64(bitPattern: h)
  }
}

extension FindingRow {
  /// The same in findings that say the same, whoever said it and when.
  var contentHash: Int64 { Hash.of([kind, title, text, tagsJSON]) }
}
