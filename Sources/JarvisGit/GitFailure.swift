/// Why something with a repository was not done. Unless the sentence says otherwise, nothing was changed.
public struct GitFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// What stood in the way.
  public enum Kind: Sendable, Hashable {
    /// There is no git program in PATH, or it can't be started.
    case notInstalled
    /// The folder is in no repository, or in a repository's own `.git`.
    case notARepository
    /// The repository has no files checked out.
    case bare
    /// HEAD has no commit yet.
    case noCommit
    /// The folder is in no commit: it is untracked or ignored.
    case notInHead
    /// A merge, a rebase and the like is under way; which.
    case busy(String)
    /// Tracked files have changes that are in no commit.
    case dirty(Dirt)
    /// The branches change the same places: these files.
    case conflict([String])
    /// git did not end within its time and was ended.
    case timedOut
    /// git or a rule of this module said no, and the sentence says why.
    case refused
    /// The disk is full, or nearly.
    case diskFull
    /// Anything else; the sentence has git's words.
    case other
  }

  /// What stood in the way.
  public let kind: Kind
  /// Sentences for people: what is wrong, where, and what to do about it.
  public let description: String

  /// A failure with its sentence.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

/// Files with changes that are in no commit.
public struct Dirt: Sendable, Hashable {
  /// How many. Where git named more than could be read (4 MiB of names), at least as many.
  public let count: Int
  /// The first few of their names, relative to the top of the work tree; at most `mostNames`.
  public let names: [String]

  /// How many names are kept.
  public static let mostNames = 5
  /// No changes.
  public static let none = Dirt(count: 0, names: [])

  /// Makes a list; names beyond `mostNames` are dropped.
  public init(count: Int, names: [String]) {
    self.count = count
    self.names = Array(names.prefix(Self.mostNames))
  }

  /// Whether there are none.
  public var isEmpty: Bool { count == 0 }

  /// `a.txt, b.txt and 3 more`.
  public var summary: String {
    let shown = names.map(GitText.shown).joined(separator: ", ")
    let more = count - names.count
    return more > 0 ? (shown.isEmpty ? "\(more) files" : "\(shown) and \(more) more") : shown
  }
}
