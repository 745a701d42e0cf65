import JarvisProtocol

/// What tools answer that change tasks: the tasks after it.
struct ChangedTasks: WireObject {
  var summary: String
  var tasks: [TaskBrief]
  var omitted: Int?

  init(_ summary: String, _ tasks: [TaskView]) {
    let list = Shortlist(tasks)
    self.summary = summary
    self.tasks = list.shown
    omitted = list.omitted
  }

  init(reading fields: inout ObjectReader) throws(WireError) {
    summary = try fields.required("summary", "what changed and what did not, in a sentence or two")
    tasks = try fields.required("tasks", "the tasks as they are now")
    omitted = try fields.optional("omitted", "how many more tasks there are; they are not listed here")
  }

  func write(_ fields: inout ObjectWriter) {
    fields.set("summary", summary)
    fields.set("tasks", tasks)
    fields.set("omitted", omitted)
  }
}
