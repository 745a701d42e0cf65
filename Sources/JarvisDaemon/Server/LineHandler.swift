import NIOCore

/// What became of a connection's line.
enum LineOutcome {
  /// Handled; the next may be taken.
  case next
  /// Enough is under way: keep the rest until `resume` is called.
  case pause
}

/// Cuts the byte stream into lines, with bounds: a line longer than the limit ends the connection after an error, and
/// no more is read from the socket than the connection can work on.
final class LineHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let maximumLine: Int
  private let connection: Connection
  private var buffer = ByteBuffer()
  /// Bytes at the buffer's beginning that are known to have no newline.
  private var scanned = 0
  private var isPaused = false
  private var isClosing = false
  private var isInputOver = false

  init(maximumLine: Int, connection: Connection) {
    self.maximumLine = maximumLine
    self.connection = connection
  }

  func channelActive(context: ChannelHandlerContext) {
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isClosing else { return }
    var bytes = unwrapInboundIn(data)
    if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeBuffer(&bytes) }
    drain(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if !isPaused, !isClosing { context.read() }
  }

  /// Takes up work again after `pause`.
  func resume(_ context: ChannelHandlerContext) {
    guard isPaused, !isClosing else { return }
    isPaused = false
    drain(context)
    guard !isPaused else { return }
    if isInputOver { connection.inputEnded() } else { context.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    connection.isWritable = context.channel.isWritable
    if context.channel.isWritable { resume(context) }
  }

  /// A client that has sent all it will (`printf … | socat`) still gets its answers.
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      isInputOver = true
      // Lines may still wait here for their turn.
      if !isPaused { connection.inputEnded() }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.ended()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func drain(_ context: ChannelHandlerContext) {
    while !isPaused {
      let view = buffer.readableBytesView
      let from = view.startIndex + scanned
      guard let newline = view[from...].firstIndex(of: 0x0A) else {
        scanned = view.count
        if scanned > maximumLine { refuse(context) }
        break
      }
      let length = newline - view.startIndex
      guard length <= maximumLine else { return refuse(context) }
      var line = buffer.readBytes(length: length) ?? []
      buffer.moveReaderIndex(forwardBy: 1)
      scanned = 0
      if line.last == 0x0D { line.removeLast() }
      if case .pause = connection.receive(line) { isPaused = true }
    }
    if buffer.readableBytes == 0 {
      buffer = ByteBuffer()
    } else if buffer.readerIndex > 65_536 {
      buffer.discardReadBytes()
    }
  }

  private func refuse(_ context: ChannelHandlerContext) {
    isClosing = true
    buffer = ByteBuffer()
    connection.refuseLongLine(limit: maximumLine)
  }
}
