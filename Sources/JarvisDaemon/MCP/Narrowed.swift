import JarvisProtocol

/// Arguments that are some of the fields of a method's parameters: same names, same schemas, same checks.
protocol Narrowed: WireValue {
  associatedtype Whole: WireObject
  /// The fields that a model may set.
  static var offered: [String] { get }
  var whole: Whole { get }
  init(_ whole: Whole)
}

extension Narrowed {
  static var schema: Schema { .object(Whole.fields.filter { offered.contains($0.name) }) }
  static var placeholder: Self { Self(Whole.placeholder) }
  var json: JSON { whole.json }

  static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Self {
    if case .object(let object) = json,
      let stranger = object.members.first(where: { !offered.contains($0.key) })
    {
      let known = offered.joined(separator: ", ")
      throw WireError(.field(path, stranger.key), "is not a known field (known: \(known))")
    }
    return Self(try Whole.read(json, at: path))
  }
}
