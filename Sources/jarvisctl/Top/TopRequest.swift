import JarvisProtocol

/// What is asked of the daemon.
enum TopRequest {
  case subscribe
  case stats(limit: Int)
  case ended
  case cancel(TaskID)
  case pause(TaskID)
  case resume(TaskID)
  case retry(TaskID)
  case edit(TaskID, Priority)
  case drain(Bool)
  case why(TaskID)
  case log(TaskLogs.Parameters, LogPiece)

  /// Which part of an output an answer is, and of which view of it: one that was closed gets no more.
  struct LogPiece {
    let serial: Int
    let isEarlier: Bool
  }

  /// The method's name and its parameters.
  var call: (method: String, params: JSON) {
    switch self {
    case .subscribe: (EventsSubscribe.name, EventsSubscribe.Parameters().json)
    case .stats(let limit): (StatsGet.name, StatsGet.Parameters(limit: limit).json)
    case .ended:
      (
        TaskList.name,
        {
          var parameters = TaskList.Parameters()
          parameters.states = TaskState.allCases.filter(\.isTerminal)
          parameters.limit = 50
          return parameters.json
        }()
      )
    case .cancel(let id): (TaskCancel.name, TaskSelection(ids: [id]).json)
    case .pause(let id): (TaskPause.name, TaskSelection(ids: [id]).json)
    case .resume(let id): (TaskResume.name, TaskSelection(ids: [id]).json)
    case .retry(let id): (TaskRetry.name, TaskSelection(ids: [id]).json)
    case .edit(let id, let priority):
      (
        TaskEdit.name,
        {
          var parameters = TaskEdit.Parameters(id: id)
          parameters.priority = priority
          return parameters.json
        }()
      )
    case .drain(let enabled): (DaemonDrain.name, DaemonDrain.Parameters(enabled: enabled).json)
    case .why(let id): (TaskWhy.name, TaskReference(id: id).json)
    case .log(let parameters, _): (TaskLogs.name, parameters.json)
    }
  }

  /// What a person asked for, in words; nil for what this program asks by itself.
  var wish: String? {
    switch self {
    case .subscribe, .stats, .ended, .log: nil
    case .cancel(let id): "cancel \(id)"
    case .pause(let id): "pause \(id)"
    case .resume(let id): "resume \(id)"
    case .retry(let id): "retry \(id)"
    case .edit(let id, _): "priority of \(id)"
    case .drain(let enabled): enabled ? "drain" : "stop draining"
    case .why(let id): "why \(id)"
    }
  }
}
