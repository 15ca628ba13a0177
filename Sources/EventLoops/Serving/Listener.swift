internal import Kernel

/// One listening socket of a server: accepts, and pauses while the system is short of descriptors or memory, or while
/// the server takes no more connections.
///
/// Connections wait in the kernel's queue during a pause. A pause for a shortage ends as soon as the loop closes one of
/// its own descriptors, since that frees a descriptor. Because the missing resource may also be released elsewhere, a
/// timer with back-off ends the pause, too. After any other error, which closing descriptors does not cure, only a
/// timer ends the pause.
final class Listener: ListenerOwner, DescriptorWaiter, CustomStringConvertible {
    /// The first pause in a shortage; each further pause is twice as long, up to ``longestPause``.
    private static let firstPause = Duration.milliseconds(50)
    /// The longest pause.
    ///
    /// asyncio: `ACCEPT_RETRY_DELAY`.
    private static let longestPause = Duration.seconds(1)
    /// How long after the latest failure a further one counts as a new shortage, which is reported again.
    private static let shortageGap = Duration.seconds(5)

    let descriptor: Int32
    private let core: LoopCore
    private weak var server: (any AcceptTarget)?
    private var channel: (any ListenerChannel)?
    private var pause = Listener.firstPause
    private var lastShortage: LoopInstant?
    /// Resumes accepting after a failure.
    private var retry: TimerHandle?
    /// Whether the server takes no more connections at the moment.
    private var isHeld = false
    private var isClosed = false

    init(core: LoopCore, descriptor: Int32, server: any AcceptTarget) {
        self.core = core
        self.descriptor = descriptor
        self.server = server
    }

    func start() {
        let channel = core.channels.makeListenerChannel(descriptor, owner: self)
        self.channel = channel
        channel.startAccepting()
    }

    /// Closes the socket.
    ///
    /// Connections that the kernel accepted before are still passed to the server while ``isAccepting`` is true.
    func close() {
        endPause()
        isClosed = true
        if let channel { channel.close() } else { core.close(descriptor) }
    }

    /// Whether the kernel may still pass on a connection that it has accepted.
    var isAccepting: Bool {
        channel?.isAccepting ?? false
    }

    /// Stops accepting until ``release()``.
    func hold() {
        guard !isHeld else { return }
        isHeld = true
        endPause()
        channel?.stopAccepting()
    }

    /// Accepts again after ``hold()``.
    func release() {
        guard isHeld else { return }
        isHeld = false
        if !isClosed { channel?.startAccepting() }
    }

    /// The maximum number of connections to accept when a server closes.
    private static let mostWaiting = 65536

    /// Accepts the connections that wait in the kernel's queue: the kernel would reset them when the socket is closed.
    ///
    /// Ends early if the server is closed by a protocol object of one of them.
    ///
    /// - Parameter backlog: The server's; it bounds the number, so that a stream of new connections cannot keep the
    ///   server from closing. The kernel queues one more, and takes a negative backlog as its maximum.
    func acceptWaiting(backlog: Int) {
        // Another process that shares the socket may have made it blocking.
        guard !isClosed, (try? core.sockets.setNonBlocking(descriptor)) != nil else { return }
        let most = backlog < 0 ? Self.mostWaiting : min(backlog, Self.mostWaiting - 1) + 1
        for _ in 0..<most where !isClosed && !core.queue.isInForkedChild {
            do throws(Errno) { accepted(try core.sockets.accept(descriptor).descriptor) } catch {
                switch error {
                case .connectionAborted: continue
                case .resourceTemporarilyUnavailable: return
                default: return report("Connections that wait for an accept are reset", error)
                }
            }
        }
    }

    func accepted(_ descriptor: Int32) {
        pause = Self.firstPause
        if let server { server.accepted(descriptor) } else { core.close(descriptor) }
    }

    func acceptFailed(_ errno: Errno) {
        guard let channel, !isHeld, !isClosed else { return }
        switch errno {
        case .connectionAborted, .interrupted, .resourceTemporarilyUnavailable:
            // The peer gave up before its connection was accepted; this side is fine.
            channel.startAccepting()
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory:
            reportShortage(errno)
            core.descriptors.notifyOfRelease(self)
            resumeLater(after: pause)
            pause = min(pause * 2, Self.longestPause)
        default:
            report("Accept failed on a socket", errno)
            resumeLater(after: Self.longestPause)
        }
    }

    // MARK: Pausing

    private func resumeLater(after pause: Duration) {
        retry = core.callAt(core.now.advanced(by: pause)) { [weak self] in self?.resume() }
    }

    /// Called after the loop has closed a descriptor.
    ///
    /// Retries in the next turn, because many descriptors may be closed in the current one, and because accepting calls
    /// the server's protocol factory.
    func descriptorWasReleased() {
        retry?.cancel()
        retry = core.callAt(core.now) { [weak self] in self?.resume() }
    }

    private func resume() {
        endPause()
        if !isHeld, !isClosed { channel?.startAccepting() }
    }

    private func endPause() {
        core.descriptors.cancelNotification(self)
        retry?.cancel()
        retry = nil
    }

    // MARK: Reporting

    /// Reports a shortage once, however often accepting fails while it lasts.
    private func reportShortage(_ errno: Errno) {
        let now = core.now
        let isNew = lastShortage.map { $0.duration(to: now) > Self.shortageGap } ?? true
        lastShortage = now
        if isNew { report("accept: out of system resource", errno) }
    }

    private func report(_ message: String, _ errno: Errno) {
        let address = TransportSocket(descriptor, core.sockets).localAddress
        var context = ExceptionContext(
            message: message, error: EventLoopError(system: errno, "accept", address: address?.description))
        context.socket = descriptor
        core.exceptions.report(context)
    }

    /// The server's description, because users never see a listener.
    var description: String {
        server.map { "\($0)" } ?? "<Listener fd=\(descriptor)>"
    }
}

/// Takes the connections that listeners accept, or that another loop hands over.
package protocol AcceptTarget: AnyObject {
    /// Takes ownership of a connected socket.
    func accepted(_ descriptor: Int32)
}
