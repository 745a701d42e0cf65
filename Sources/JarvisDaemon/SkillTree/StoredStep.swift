import JarvisConfig
import JarvisProtocol

/// What the store keeps of a task that must be prepared before it can go on: a step of a skill.
struct StoredStep: WireObject, Hashable {
  enum Kind: String, Sendable, CaseIterable {
    /// It runs, when the outputs of `sources` lie in `folder`.
    case inputs
    /// It runs nothing, and ends when its `sources`, which it is the group of, have ended.
    case group
    /// It runs nothing; when its `source` has ended, it becomes the group of as many tasks as that wrote items.
    case expansion
  }

  var kind: Kind
  var sources: [TaskID] = []
  var folder: String?
  /// The skill's run that it is of; there are the skill's files.
  var run: BatchID?
  /// What an expansion is of.
  var step: SkillStep?

  init(inputs folder: String) {
    kind = .inputs
    self.folder = folder
  }

  init(group kind: Kind, of run: BatchID, step: SkillStep? = nil) {
    self.kind = kind
    self.run = run
    self.step = step
  }

  init(reading fields: inout ObjectReader) throws(WireError) {
    let word: String = try fields.required("kind", "inputs, group or expansion")
    kind = Kind(rawValue: word) ?? .group
    sources = try fields.defaulted("sources", "what it is made of", [])
    folder = try fields.optional("folder", "where the outputs of the sources go")
    run = try fields.optional("run", "the run of the skill")
    guard let name: String = try fields.optional("step", "the step that it is expanded to") else {
      _ = try fields.optional("skill", "the step's skill", as: String.self)
      return
    }
    let values: [String: JSON] = try fields.defaulted("values", "the parameters of the step's skill", [:])
    step = SkillStep(
      skill: try fields.required("skill", "the step's skill"), values: values.compactMapValues { SkillValue(json: $0) },
      step: name, prefix: try fields.defaulted("prefix", "before the names of its steps", ""),
      producer: try fields.defaulted("producer", "the step that writes the items", ""))
  }

  func write(_ fields: inout ObjectWriter) {
    fields.set("kind", kind.rawValue)
    if !sources.isEmpty { fields.set("sources", sources) }
    fields.set("folder", folder)
    fields.set("run", run)
    guard let step else { return }
    fields.set("step", step.step)
    fields.set("skill", step.skill)
    fields.set("values", step.values.mapValues(\.json))
    fields.set("prefix", step.prefix)
    fields.set("producer", step.producer)
  }
}

extension LiveTask {
  /// Whether it can't run as it is: its inputs are not there yet, or it never will, as a group of tasks.
  var isUnprepared: Bool {
    switch stored.step?.kind {
    case nil: false
    case .inputs: !isPrepared
    case .group, .expansion: true
    }
  }

  /// Whether it is a group of tasks, which runs nothing.
  var isGroup: Bool { stored.step.map { $0.kind != .inputs } ?? false }
}
