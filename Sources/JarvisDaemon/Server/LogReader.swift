import JarvisLinux
import JarvisProtocol

/// Serves what agents wrote.
struct LogReader: Sendable {
  let coordinator: Coordinator

  /// Reads a piece; waits for more where asked to, woken by inotify or by the task's end.
  func read(_ query: TaskLogs.Parameters) async throws(RPC.Failure) -> TaskLogs.Result {
    var query = query
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: .seconds(query.waitSeconds))
    while true {
      let task = try await coordinator.view(of: query.id)
      let file = Self.file(of: task, query.stream, coordinator.paths)
      // Watched before it is read, so that nothing written in between is slept through.
      let changes = query.waitSeconds > 0 ? file.flatMap { try? coordinator.watcher?.watch($0) } : nil
      let size = file.flatMap { Output.size(of: $0) } ?? 0
      if query.offset < 0 { query.offset = max(0, size + query.offset) }
      var bytes = file.map { Output.read($0, offset: query.offset, count: query.maxBytes) } ?? []
      let isOver = task.state.isTerminal
      // A character that is cut in two is left for the next piece, unless nothing more will come.
      if !(isOver && query.offset + bytes.count >= size) { bytes.cutIncompleteTail() }
      let next = query.offset + bytes.count
      let remaining = clock.now.duration(to: deadline)
      if !bytes.isEmpty || isOver || remaining <= .zero || Task.isCancelled {
        return TaskLogs.Result(
          data: String(decoding: bytes, as: UTF8.self), offset: query.offset, nextOffset: next, size: size,
          end: isOver && next >= size, state: task.state)
      }
      await waitForMore(query.id, changes, seconds: Double(remaining.components.seconds) + 0.001)
    }
  }

  /// The end of both outputs.
  func result(_ task: TaskView, maxBytes: Int) async -> TaskResult.Result {
    func tail(_ stream: OutputStream) -> (text: String, isCut: Bool) {
      guard let file = Self.file(of: task, stream, coordinator.paths), let size = Output.size(of: file) else {
        return ("", false)
      }
      let offset = max(0, size - maxBytes)
      var bytes = Output.read(file, offset: offset, count: maxBytes)[...]
      // Begin with a whole character.
      if offset > 0 { while let first = bytes.first, first & 0xC0 == 0x80 { bytes.removeFirst() } }
      return (String(decoding: bytes, as: UTF8.self), offset > 0)
    }
    let (output, errors) = (tail(.stdout), tail(.stderr))
    return TaskResult.Result(
      task: task, output: output.text, errors: errors.text, truncated: output.isCut || errors.isCut)
  }

  /// The last attempt's file; nil before the first.
  static func file(of task: TaskView, _ stream: OutputStream, _ paths: Paths) -> String? {
    guard task.attempt > 0 else { return nil }
    let name = task.attempt <= 1 ? task.id.description : "\(task.id)-\(task.attempt)"
    return "\(paths.output(of: task.id).folder)/\(name).\(stream == .stdout ? "out" : "err")"
  }

  private func waitForMore(_ id: TaskID, _ changes: AsyncStream<Void>?, seconds: Double) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Until the file is there, its folder can't be watched cheaply; the task's start makes it.
        guard let changes else {
          try? await Task.sleep(for: .milliseconds(50))
          return
        }
        for await _ in changes { return }
      }
      group.addTask { _ = await coordinator.wait(for: [id], seconds: seconds) }
      await group.next()
      group.cancelAll()
    }
  }
}
