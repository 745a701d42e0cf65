import JarvisProtocol

extension BehaviourChange {
  /// The form in which it is stored and exported.
  var json: JSON {
    var object = JSONObject()
    object.append("sign", .string(sign.rawValue))
    object.append("width_expected_measured", .numbers([width, expected, measured]))
    return .object(object)
  }

  /// Reads what `json` wrote.
  init(json: JSON, at place: String) throws(LearningFormatError) {
    let fields = try LearningReader(json, at: place)
    let word = try fields.text("sign", upTo: 32)
    guard let sign = Sign(rawValue: word) else {
      let known = Sign.allCases.map(\.rawValue).joined(separator: ", ")
      throw LearningFormatError(fields.path("sign"), "must be one of \(known), found \"\(word)\"")
    }
    let key = "width_expected_measured"
    let numbers = try fields.optionalNumbers(key, 0...1e15) ?? []
    guard numbers.count == 3 else {
      throw LearningFormatError(fields.path(key), "must be [width, seconds expected, seconds measured]")
    }
    self.init(sign: sign, width: Float(numbers[0]), expected: Float(numbers[1]), measured: Float(numbers[2]))
  }
}

extension ChangeDetector {
  /// The form in which it is stored and exported.
  var numbers: [Float] { [up, down, tail, count, hits] }

  /// Reads what `numbers` gave, or only the two sums, which is what an older Jarvis knew; nil if that can't be.
  init?(numbers: [Double]) {
    guard numbers.count == 2 || numbers.count == 5, numbers[0...1].allSatisfy({ (0...100).contains($0) }) else {
      return nil
    }
    self.init(up: Float(numbers[0]), down: Float(numbers[1]))
    guard numbers.count == 5 else { return }
    guard (0...1).contains(numbers[2]), (0...1e9).contains(numbers[3]), (0...numbers[3]).contains(numbers[4]) else {
      return nil
    }
    (tail, count, hits) = (Float(numbers[2]), Float(numbers[3]), Float(numbers[4]))
  }
}

extension WorkWatch {
  /// What its numbers must be.
  static let form =
    "must be [floor, weight, mean and variance alone, the same beside others, the detector's five numbers]"

  /// The form in which it is stored and exported; nil while it has nothing.
  var numbers: [Float]? {
    guard self != WorkWatch() else { return nil }
    return [floor, alone.weight, alone.mean, alone.variance, beside.weight, beside.mean, beside.variance]
      + detector.numbers
  }

  /// Reads what `numbers` gave; nil if that can't be.
  init?(numbers: [Double]) {
    func isBand(_ from: Int) -> Bool {
      (0...Double(RunningMean.memory)).contains(numbers[from]) && (-100...100).contains(numbers[from + 1])
        && (0...1e4).contains(numbers[from + 2])
    }
    guard numbers.count == 12, (0...1e9).contains(numbers[0]), isBand(1), isBand(4),
      let detector = ChangeDetector(numbers: Array(numbers[7...]))
    else { return nil }
    let floats = numbers.map { Float($0) }
    self.init(
      floor: floats[0], alone: Band(weight: floats[1], mean: floats[2], variance: floats[3]),
      beside: Band(weight: floats[4], mean: floats[5], variance: floats[6]), detector: detector)
  }
}
