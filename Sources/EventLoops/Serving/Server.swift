internal import Glibc
internal import Kernel

/// A set of listening sockets, and the connections accepted from them.
///
/// asyncio: `asyncio.Server`.
public final class Server: @unchecked Sendable, CustomStringConvertible {
    enum State {
        /// Bound, but not listening.
        case bound
        case serving
        /// No longer listening; see ``close(deadline:)``.
        case draining
        case closed
    }

    let core: LoopCore
    let backlog: Int
    /// The protocol factory; nil if the connections are elements of a sequence.
    ///
    /// Released when the server closes: it may retain the server indirectly.
    var makeProtocol: (() -> any BaseProtocol)?
    /// Present if the connections are elements of a sequence.
    let demand: ConnectionDemand?
    var listeners: [Listener] = []
    var state = State.bound
    var members: [ObjectIdentifier: any BaseTransport] = [:] { didSet { tally.set(members.count) } }
    /// The number of connections, for other threads.
    let tally = SingleWriterCounter()
    /// Passes accepted connections on to other servers of a group; released when the server closes.
    var router: (any ConnectionRouter)?
    let held: HeldConnections
    var totals = ServerTotals()
    /// Whether a deadline has passed, so that all connections were aborted.
    var hasAborted = false
    let ended: WaitList
    private var isServingForever = false
    private let stopServing: WaitList
    let drainBegins: WaitList
    /// Resumes the tasks in ``close(deadline:)`` when a deadline has passed or the last connection has ended.
    let drainEvents: WaitList
    /// The file of a Unix socket, to be removed when the server closes.
    var file: ServerFile?
    /// Whether the connections pass descriptors.
    var passesDescriptors = false

    /// Takes ownership of bound sockets.
    ///
    /// - Parameters:
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - makeProtocol: Makes the protocol object of a connection.
    package convenience init(
        core: LoopCore, descriptors: [Int32], backlog: Int, maxConnections: Int? = nil,
        makeProtocol: @escaping () -> any BaseProtocol
    ) {
        self.init(core, descriptors, backlog, maxConnections, makeProtocol, nil)
    }

    /// Takes ownership of bound sockets; the connections are the elements of ``connections``.
    ///
    /// - Parameter limit: The limit of each connection's reader.
    convenience init(core: LoopCore, descriptors: [Int32], backlog: Int, maxConnections: Int?, limit: Int) {
        self.init(core, descriptors, backlog, maxConnections, nil, ConnectionDemand(core: core, limit: limit))
    }

    private init(
        _ core: LoopCore, _ descriptors: [Int32], _ backlog: Int, _ maxConnections: Int?,
        _ makeProtocol: (() -> any BaseProtocol)?, _ demand: ConnectionDemand?
    ) {
        self.core = core
        self.backlog = backlog
        self.makeProtocol = makeProtocol
        self.demand = demand
        held = HeldConnections(limit: maxConnections)
        ended = WaitList(queue: core.queue)
        stopServing = WaitList(queue: core.queue)
        drainBegins = WaitList(queue: core.queue)
        drainEvents = WaitList(queue: core.queue)
        listeners = descriptors.map { Listener(core: core, descriptor: $0, server: self) }
        core.servers[ObjectIdentifier(self)] = self
        for descriptor in descriptors { core.descriptors.claim(descriptor, "server", self) }
    }

    /// The listening sockets; empty once the server is closed or closing.
    ///
    /// asyncio: `Server.sockets`.
    public var sockets: [TransportSocket] {
        isListening ? listeners.map { TransportSocket($0.descriptor, core.sockets) } : []
    }

    var isListening: Bool {
        state == .bound || state == .serving
    }

    /// The port of the first socket, for instance the one that the kernel chose for port 0; nil once the server is
    /// closed.
    ///
    /// asyncio: `sockets[0].getsockname()[1]`.
    public var port: Int? {
        sockets.first?.localAddress?.port
    }

    /// Whether the server accepts connections, even if it pauses at its limit.
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

    /// The number of connections that this server serves.
    public var connectionCount: Int {
        members.count
    }

    /// The number of accepted connections that are not served yet, because the server is at its limit or the consumer
    /// of ``connections`` is busy.
    ///
    /// - Thread: The loop's.
    public var heldConnectionCount: Int {
        held.count
    }

    /// Whether the server is closing and will abort its connections at a deadline: see ``close(deadline:)``.
    ///
    /// A handler that serves several requests on one connection should end after the current one.
    ///
    /// - Thread: The loop's.
    public var isDraining: Bool {
        state == .draining
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
        case .draining, .closed: throw .closed("startServing", "Server")
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
    /// While the server drains, this waits; cancelling it does not shorten the drain. Otherwise, unlike
    /// ``waitClosed()``, it does not wait for open connections.
    ///
    /// - Throws: `CancellationError` when it ends for either reason; ``EventLoopError`` with `.invalidState` for a
    ///   second caller; otherwise the same as ``startServing()``.
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
        if !isDraining { close() }
        throw CancellationError()
    }

    /// Stops listening; existing connections stay open.
    ///
    /// Connections that wait to be accepted or served are closed. Idempotent. To let them be served and to wait for the
    /// existing ones, use ``close(deadline:)``.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `Server.close`.
    public func close() {
        guard core.allowsUse("close"), state != .closed else { return }
        stopListening()
        finishClosing()
        core.note(.debug, "\(self) is closed")
    }

    /// Closes every connection of the server, after sending its pending bytes.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `Server.close_clients`, 3.13.
    public func closeClients() {
        guard core.allowsUse("closeClients") else { return }
        for transport in members.values { transport.close() }
    }

    /// Aborts every connection of the server: pending bytes are dropped.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `Server.abort_clients`, 3.13.
    public func abortClients() {
        guard core.allowsUse("abortClients") else { return }
        for transport in members.values { transport.abort() }
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

    func stopListening() {
        guard isListening else { return }
        state = .draining
        // In a forked child, the file belongs to the parent's server.
        if !core.queue.isInForkedChild { file?.remove() }
        file = nil
        for listener in listeners {
            core.descriptors.release(listener.descriptor, self)
            listener.close()
        }
    }

    /// Ends everything except the open connections.
    func finishClosing() {
        state = .closed
        listeners = []
        makeProtocol = nil
        router = nil
        for descriptor in held.removeAll() {
            totals.refused += 1
            core.close(descriptor)
        }
        core.servers[ObjectIdentifier(self)] = nil
        stopServing.resumeAll()
        drainBegins.resumeAll()
        demand?.changed.resumeAll()
        endIfDone()
    }

    var hasEnded: Bool {
        state == .closed && members.isEmpty
    }

    func endIfDone() {
        if members.isEmpty, held.count == 0 { drainEvents.resumeAll() }
        if hasEnded { ended.resumeAll() }
    }

    /// The state and the sockets.
    public var description: String {
        "<Server \(state) sockets=\(sockets)>"
    }
}
