internal import Glibc
internal import Kernel

/// A set of listening sockets, and the connections accepted from them.
///
/// asyncio: `asyncio.Server`.
public final class Server: @unchecked Sendable, CustomStringConvertible {
    private enum State {
        /// Bound, but not listening.
        case bound
        case serving
        case closed
    }

    private let core: LoopCore
    private let backlog: Int
    /// The protocol factory; released when the server closes, because it may retain the server indirectly.
    private var makeProtocol: (() -> any BaseProtocol)?
    private var listeners: [Listener] = []
    private var state = State.bound
    private var connections: [ObjectIdentifier: any BaseTransport] = [:]
    private let ended: WaitList
    private var isServingForever = false
    private let stopServing: WaitList
    /// The file of a Unix socket, to be removed when the server closes.
    var file: ServerFile?
    /// Whether the connections pass descriptors.
    var passesDescriptors = false

    /// Takes ownership of bound sockets.
    package init(core: LoopCore, descriptors: [Int32], backlog: Int, makeProtocol: @escaping () -> any BaseProtocol) {
        self.core = core
        self.backlog = backlog
        self.makeProtocol = makeProtocol
        ended = WaitList(queue: core.queue)
        stopServing = WaitList(queue: core.queue)
        listeners = descriptors.map { Listener(core: core, descriptor: $0, server: self) }
        core.servers[ObjectIdentifier(self)] = self
        for descriptor in descriptors { core.descriptors.claim(descriptor, "server", self) }
    }

    /// The listening sockets; empty once the server is closed.
    ///
    /// asyncio: `Server.sockets`.
    public var sockets: [TransportSocket] {
        listeners.map { TransportSocket($0.descriptor, core.sockets) }
    }

    /// The port of the first socket, for instance the one that the kernel chose for port 0; nil once the server is
    /// closed.
    ///
    /// asyncio: `sockets[0].getsockname()[1]`.
    public var port: Int? {
        sockets.first?.localAddress?.port
    }

    /// Whether the server accepts connections.
    ///
    /// asyncio: `is_serving`.
    public var isServing: Bool {
        state == .serving
    }

    /// The server's loop; nil if the loop has been released.
    ///
    /// asyncio: `get_loop`.
    public var loop: (any AbstractEventLoop)? {
        core.loop as? any AbstractEventLoop
    }

    /// The number of connections accepted by this server that are not yet lost.
    public var connectionCount: Int {
        connections.count
    }

    /// Starts listening and accepting.
    ///
    /// Idempotent.
    ///
    /// - Throws: ``EventLoopError``: `.system` if the kernel refuses to listen; `.closed`; `.wrongThread`.
    /// - Thread: The loop's.
    ///
    /// asyncio: `Server.start_serving`.
    public func startServing() throws(EventLoopError) {
        try core.check("startServing")
        switch state {
        case .serving: return
        case .closed: throw .closed("startServing", "Server")
        case .bound: break
        }
        for listener in listeners {
            do { try core.sockets.listen(listener.descriptor, backlog: backlog) } catch {
                let address = TransportSocket(listener.descriptor, core.sockets).localAddress
                throw EventLoopError(system: error, "listen", address: address?.description)
            }
        }
        state = .serving
        for listener in listeners { listener.start() }
        core.note(.info, "\(self) is serving")
    }

    /// Serves until the calling task is cancelled or the server is closed, then closes the server.
    ///
    /// Unlike ``waitClosed()``, this does not wait for open connections.
    ///
    /// - Throws: `CancellationError` in both cases; ``EventLoopError`` with `.invalidState` for a second caller;
    ///   otherwise the same as ``startServing()``.
    /// - Cancellation: The normal way to end this call: the server is closed, and its connections stay open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `Server.serve_forever`.
    public func serveForever() async throws {
        guard !isServingForever else {
            throw EventLoopError(.invalidState, "serveForever", detail: "Another task is already in serveForever()")
        }
        try startServing()
        isServingForever = true
        defer { isServingForever = false }
        guard await stopServing.wait() != .misplaced else {
            core.queue.performOnLoop { self.close() }
            throw core.queue.refusal("serveForever")
        }
        close()
        throw CancellationError()
    }

    /// Stops listening; existing connections stay open.
    ///
    /// Idempotent.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `Server.close`.
    public func close() {
        guard core.allowsUse("close"), state != .closed else { return }
        stopListening()
        core.servers[ObjectIdentifier(self)] = nil
        core.note(.debug, "\(self) is closed")
        stopServing.resumeAll()
        endIfDone()
    }

    /// Closes every connection of the server, after sending its pending bytes.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `Server.close_clients`, 3.13.
    public func closeClients() {
        guard core.allowsUse("closeClients") else { return }
        for transport in connections.values { transport.close() }
    }

    /// Aborts every connection of the server: pending bytes are dropped.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `Server.abort_clients`, 3.13.
    public func abortClients() {
        guard core.allowsUse("abortClients") else { return }
        for transport in connections.values { transport.abort() }
    }

    /// Waits until the server is closed and its last connection is lost.
    ///
    /// - Throws: ``EventLoopError`` with `.wrongThread`; `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the wait; the server is not affected.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `Server.wait_closed`, as of 3.12.1.
    public func waitClosed() async throws {
        try core.checkThread("waitClosed")
        if hasEnded { return }
        try await ended.waitOrThrow("waitClosed")
    }

    private func stopListening() {
        state = .closed
        // In a forked child, the file belongs to the parent's server.
        if !core.queue.isInForkedChild { file?.remove() }
        file = nil
        for listener in listeners {
            core.descriptors.release(listener.descriptor, self)
            listener.close()
        }
        listeners = []
        makeProtocol = nil
    }

    private var hasEnded: Bool {
        state == .closed && connections.isEmpty
    }

    private func endIfDone() {
        if hasEnded { ended.resumeAll() }
    }

    /// The state and the sockets.
    public var description: String {
        "<Server \(state) sockets=\(sockets)>"
    }
}

// MARK: - Connections

extension Server: TransportTracker, LoopServer {
    package func attach(_ transport: any BaseTransport) {
        connections[ObjectIdentifier(transport)] = transport
    }

    package func detach(_ transport: any BaseTransport) {
        connections[ObjectIdentifier(transport)] = nil
        endIfDone()
    }

    package func loopClosed() {
        stopListening()
        connections = [:]
        stopServing.resumeAll()
        ended.resumeAll()
    }
}

extension Server: AcceptTarget {
    func serve(_ descriptor: Int32) {
        guard let makeProtocol else {
            core.close(descriptor)
            return
        }
        let `protocol` = core.upcall(ActivityName(kind: .factory)) { makeProtocol() }
        if core.queue.isInForkedChild { return }
        do {
            // The factory may have closed the server.
            guard state != .closed else { return core.close(descriptor) }
            let transport = try SocketTransport(
                core: core, descriptor: descriptor, protocol: `protocol`, tracker: self,
                passesDescriptors: passesDescriptors)
            core.note(.debug, "\(self) got a new connection: \(transport)")
            try transport.begin()
        } catch {
            core.close(descriptor)
            var context = ExceptionContext(
                message: "Error on transport creation for incoming connection", error: error)
            context.protocol = `protocol`
            core.exceptions.report(context)
        }
    }
}
