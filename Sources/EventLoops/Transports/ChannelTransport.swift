internal import Kernel

/// What all transports over a stream channel have in common: the loop, the protocol object, the state, and closing.
///
/// The channel below moves bytes and applies no rules; the protocol object above never sees the kernel. A subclass adds
/// a ``ReceivingHalf``, a ``SendingHalf`` or both. The halves do not store a reference to their transport; it is passed
/// to them.
class ChannelTransport: StreamChannelOwner, BaseTransport, @unchecked Sendable {
    /// The phase of the connection's life.
    enum State {
        case made
        case open
        /// Closed by the user: pending bytes are still sent.
        case flushing
        /// Sending has failed: bytes that have arrived are still delivered, then the channel is closed.
        case broken
        /// The channel is being closed: nothing more is sent or delivered.
        case closing
        case lost
        /// The channel was given up to another owner; see ``detachChannel()``.
        case detached
        /// The connection is moving to another loop; see ``SocketTransport/leave(_:)``.
        case leaving
    }

    // Fields that each message uses are adjacent: with many connections, every further cache line is a miss.
    final let core: LoopCore
    final let channel: any StreamChannel
    // Retained here, but unmanaged: the compiler would retain a managed reference for each call.
    private final var wiringReference: Unmanaged<ProtocolWiring>
    final let descriptor: Int32
    private(set) final var state = State.made
    private final var loss: (any Error)?
    /// The server that accepted the connection; nil once the connection is lost or has moved.
    private(set) final weak var tracker: (any TransportTracker)?

    /// - Parameter channel: Owns the descriptor; the transport becomes its owner in `begin()`.
    init(
        core: LoopCore, channel: any StreamChannel, descriptor: Int32, wiring: ProtocolWiring,
        tracker: (any TransportTracker)?
    ) {
        self.core = core
        self.channel = channel
        self.descriptor = descriptor
        self.tracker = tracker
        wiringReference = .passRetained(wiring)
    }

    /// Replaces the stub that the compiler (6.3) would synthesize for an inherited initializer and then warn about.
    @available(*, unavailable, message: "a transport needs a channel")
    override init() {
        preconditionFailure("a transport needs a channel")
    }

    deinit {
        wiringReference.release()
    }

    // MARK: The protocol object

    @inline(__always)
    final func withWiring<Result>(_ body: (ProtocolWiring) -> Result) -> Result {
        wiringReference._withUnsafeGuaranteedRef(body)
    }

    final var wiring: ProtocolWiring {
        wiringReference.takeUnretainedValue()
    }

    /// Installs another protocol object.
    ///
    /// The former one is released by a callback of the loop: this may be called inside one of its methods, for which
    /// nothing retains it.
    final func rewire(_ wiring: ProtocolWiring) {
        let former = wiringReference
        wiringReference = .passRetained(wiring)
        releaseLater(former.takeRetainedValue())
    }

    final func releaseLater(_ object: AnyObject) {
        core.queue.append(Handle { withExtendedLifetime(object) {} })
    }

    final var `protocol`: any BaseProtocol {
        wiring.connection
    }

    // MARK: Hooks of subclasses

    /// Called when the connection has begun: notifies the protocol object, and starts reading.
    func begun() {}
    /// Called when the channel is about to be closed or detached; the descriptor is still open.
    func channelWillClose() {}
    /// Whether bytes of the peer may not have been delivered yet.
    var mayHaveUnreadBytes: Bool { false }
    /// Whether bytes wait to be sent, so that ``close()`` has to flush.
    var hasUnsentBytes: Bool { false }
    /// Called when the protocol object gets no more calls: it was notified of the loss, or the channel was detached.
    func protocolReleased() {}
    /// The name of the other end, for errors and descriptions.
    var peerName: String? { nil }
    func extraInfo(_ name: String) -> (any Sendable)? { nil }

    // MARK: Thread

    @inline(__always)
    final func allowsUse(_ operation: StaticString) -> Bool {
        let thread = LoopOwnership.callingThread
        return core.queue.ownership.isTurning(on: thread) || allowsUnusualUse("\(operation)")
    }

    /// Whether a call that is made while the loop is not running may proceed.
    @inline(never)
    private final func allowsUnusualUse(_ operation: String) -> Bool {
        // Closing a loop drops its connections, so a late call on one is harmless.
        if core.queue.isClosed { return false }
        return core.allowsUse(operation) { $0.transport = self }
    }

    // MARK: Life

    /// Takes the channel over from an owner that has nothing in flight, and notifies the protocol object.
    ///
    /// - Throws: ``EventLoopError`` with `.invalidState` if the channel's owner has a send in flight: it has to detach
    ///   the channel first.
    final func begin() throws(EventLoopError) {
        let former = try channel.handOver(to: self)
        if former !== StreamChannelOwner.none { releaseLater(former) }
        core.descriptors.claim(descriptor, "transport", self)
        core.transports[ObjectIdentifier(self)] = self
        tracker?.attach(self)
        state = .open
        begun()
    }

    /// Gives the channel up to a transport of another kind, and ends this transport.
    ///
    /// The protocol object is released; it gets no `connectionLost`, because the connection continues. The tracker is
    /// notified by a callback, so that a successor with the same tracker that begins at once is attached first.
    ///
    /// - Returns: The channel, which has no owner and does not read. Bytes that this transport has not delivered are
    ///   still in the channel. The caller has to hand the channel over or close it.
    /// - Throws: ``EventLoopError``: `.invalidState` if the transport is not open, or while bytes wait to be sent;
    ///   `.wrongThread` if called off the loop's thread.
    final func detachChannel() throws(EventLoopError) -> any StreamChannel {
        try core.checkThread("detachChannel")
        guard state == .open else {
            throw EventLoopError(.invalidState, "detachChannel", detail: "\(self) is not open")
        }
        guard !hasUnsentBytes else {
            let detail = "\(self) has bytes to send: detach its channel once writeBufferSize is 0"
            throw EventLoopError(.invalidState, "detachChannel", detail: detail)
        }
        // May be called inside one of this object's methods.
        releaseLater(try channel.handOver(to: .none))
        channelWillClose()
        state = .detached
        core.transports[ObjectIdentifier(self)] = nil
        core.descriptors.release(descriptor, self)
        rewire(.none)
        protocolReleased()
        leaveTracker()
        return channel
    }

    /// Notifies the tracker, by a callback, that it does not track this transport any more.
    private final func leaveTracker() {
        guard let tracker else { return }
        self.tracker = nil
        core.queue.append(Handle { tracker.detach(self) })
    }

    final var isClosing: Bool {
        switch state {
        case .made, .open: false
        case .flushing, .broken, .closing, .lost, .detached, .leaving: true
        }
    }

    final func close() {
        guard allowsUse("close") else { return }
        if state == .broken { return closeChannel() }
        guard !isClosing else { return }
        channel.stopReading()
        if hasUnsentBytes { state = .flushing } else { closeChannel() }
    }

    final func abort() {
        guard allowsUse("abort") else { return }
        closeChannel()
    }

    // MARK: Leaving

    /// Throws the same as ``beginLeaving()``; otherwise returns the channel.
    @discardableResult
    final func checkLeaving() throws(EventLoopError) -> any MovableStreamChannel {
        guard let channel = channel as? any MovableStreamChannel else {
            throw EventLoopError(.notSupported, "move", detail: "A connection that passes descriptors cannot move")
        }
        guard state == .open else { throw EventLoopError(.invalidState, "move", detail: "\(self) is not open") }
        return channel
    }

    /// Begins to give the connection up: from now on this transport reads nothing and drops writes.
    ///
    /// When the channel has released the descriptor, it calls ``StreamChannelOwner/channelReleased(_:)``. If the
    /// connection is aborted first, for instance because the loop closes, it calls
    /// ``StreamChannelOwner/channelClosed()`` instead.
    ///
    /// - Throws: ``EventLoopError``: `.invalidState` if the transport is not open; `.notSupported` if its channel
    ///   cannot give the connection up.
    final func beginLeaving() throws(EventLoopError) {
        let channel = try checkLeaving()
        channelWillClose()
        state = .leaving
        channel.release()
    }

    /// Called when the descriptor is no longer this transport's.
    ///
    /// The tracker does not wait for the other loop, which may not be running.
    final func hasLeft() {
        core.transports[ObjectIdentifier(self)] = nil
        core.descriptors.release(descriptor, self)
        state = .detached
        leaveTracker()
    }

    /// Called when the connection has begun on the other loop: releases the protocol object.
    final func hasMoved() {
        guard !core.isClosed else { return releaseProtocol() }
        let connection = wiring.connection
        core.upcall(ActivityName("connectionMoved", of: connection)) { connection.connectionMoved() }
        releaseProtocol()
    }

    /// Called when the connection was lost in transit.
    final func isLost(with error: EventLoopError) {
        guard !core.isClosed else { return releaseProtocol() }
        loss = error
        channelClosed()
    }

    override func failed(_ errno: Errno, _ operation: StaticString) {
        if state == .broken { return closeChannel() }
        guard state == .open || state == .flushing else { return }
        noteFailure(errno, operation)
        closeChannel()
    }

    override func sendFailed(_ errno: Errno, _ operation: StaticString) {
        guard state == .open, mayHaveUnreadBytes else { return failed(errno, operation) }
        noteFailure(errno, operation)
        // The peer may have answered before it broke the connection.
        state = .broken
        channel.receiveRest()
    }

    private final func noteFailure(_ errno: Errno, _ operation: StaticString) {
        let error = EventLoopError(system: errno, "\(operation)", address: peerName)
        core.note(.debug, "\(self) failed: \(error)")
        loss = error
    }

    override func receivedEOF() {
        if state == .broken { closeChannel() }
    }

    /// Reports that the protocol object broke its contract, and ends the connection.
    final func protocolFailed(_ error: EventLoopError) {
        var context = ExceptionContext(message: "Fatal error: protocol.\(error.operation)() call failed.", error: error)
        context.protocol = `protocol`
        context.transport = self
        core.exceptions.report(context)
        loss = error
        closeChannel()
    }

    final func closeChannel() {
        guard state != .closing, state != .lost, state != .detached else { return }
        channelWillClose()
        state = .closing
        channel.close()
    }

    override func channelClosed() {
        guard state != .lost else { return }
        state = .lost
        core.transports[ObjectIdentifier(self)] = nil
        core.descriptors.release(descriptor, self)
        guard !core.isClosed else { return releaseProtocol() }
        // A close is deferred twice. The channel waits for the kernel and never calls back inside the user's call. This
        // second deferral preserves asyncio's order: whatever was scheduled before the end, such as a task that the
        // last bytes resumed, runs before `connectionLost`.
        _ = core.callSoon { self.notifyLoss() }
    }

    private final func notifyLoss() {
        core.note(.debug, "\(self) is closed")
        core.upcall(ActivityName("connectionLost", of: `protocol`)) { `protocol`.connectionLost(loss) }
        releaseProtocol()
    }

    private final func releaseProtocol() {
        let former = wiringReference
        wiringReference = .passRetained(.none)
        former.release()
        protocolReleased()
        tracker?.detach(self)
        tracker = nil
    }
}
