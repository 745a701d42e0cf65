import JarvisProtocol

/// What the keys mean.
enum TopMode {
  case list
  /// A question that y or n answers.
  case confirm(Question)
  /// The filter is being typed; Escape brings the one before back.
  case filter(before: String)
  case pager(Pager)

  /// What is asked before it is done.
  enum Question {
    case cancel(TaskID, title: String)
    case drain(Bool)
  }
}

/// What a key or an answer leads to.
enum TopEffect {
  case send(TopRequest)
  /// Everything is drawn again.
  case repaint
  case quit
}

/// A line that goes away by itself.
struct Notice {
  let text: String
  let style: Style?
  /// Seconds of the monotonic clock.
  let until: Double
}
