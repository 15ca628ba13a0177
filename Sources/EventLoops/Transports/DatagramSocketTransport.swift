internal import Glibc
internal import Kernel

/// A datagram socket: the queue to send, flow control, and closing, over one channel, for both kinds of loop.
///
/// asyncio: `_SelectorDatagramTransport`, `_ProactorDatagramTransport`.
final class DatagramSocketTransport: DatagramChannelOwner, DatagramTransport, @unchecked Sendable {
    /// The phase of the endpoint's life.
    enum State {
        case made
        case open
        /// Closed by the user: queued datagrams are still sent.
        case flushing
        /// The channel is being closed: nothing more is sent or delivered.
        case closing
        case lost
    }

    let core: LoopCore
    let channel: any DatagramChannel
    let queue: DatagramQueue
    // Retained here, but unmanaged: the compiler would retain a managed reference for each call.
    private var wiringReference: Unmanaged<DatagramWiring>
    let descriptor: Int32
    let family: AddressFamily
    let peerAddress: SocketAddress?
    /// Whether the kernel knows the peer, so that datagrams carry no address.
    let isConnected: Bool
    private(set) var state = State.made
    private var isPaused = false
    var flow = FlowControl()
    var lostWrites = 0
    var stall = SendStall()
    var retry = ReceiveRetry()
    private(set) var loss: (any Error)?
    /// This end's address, kept for use after the descriptor has been closed.
    private var lastLocalAddress: SocketAddress?

    /// - Parameters:
    ///   - peer: The remote address, if datagrams need none.
    ///   - isConnected: Whether the socket is connected to it.
    /// - Throws: ``EventLoopError`` with `.invalidArgument` for an object that is not a datagram protocol.
    init(
        core: LoopCore, descriptor: Int32, family: AddressFamily, protocol: any BaseProtocol, peer: SocketAddress?,
        isConnected: Bool
    ) throws(EventLoopError) {
        wiringReference = .passRetained(try DatagramWiring(`protocol`))
        self.core = core
        self.descriptor = descriptor
        self.family = family
        peerAddress = peer
        self.isConnected = isConnected
        queue = DatagramQueue(family: family)
        channel = core.channels.makeDatagramChannel(descriptor, family: family)
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
    func withWiring<Result>(_ body: (DatagramWiring) -> Result) -> Result {
        wiringReference._withUnsafeGuaranteedRef(body)
    }

    var datagramProtocol: any DatagramProtocol {
        wiringReference.takeUnretainedValue().receiver
    }

    var `protocol`: any BaseProtocol {
        datagramProtocol
    }

    func setProtocol(_ protocol: any BaseProtocol) throws(EventLoopError) {
        try core.checkThread("setProtocol")
        let wiring = try DatagramWiring(`protocol`)
        guard !hasReleasedProtocol else { return }
        let former = wiringReference
        wiringReference = .passRetained(wiring)
        // This may be called inside one of its methods, for which nothing retains it.
        let released = former.takeRetainedValue()
        core.queue.append(Handle { withExtendedLifetime(released) {} })
    }

    private var hasReleasedProtocol: Bool {
        withWiring { $0 === DatagramWiring.none }
    }

    // MARK: Thread

    @inline(__always)
    func allowsUse(_ operation: StaticString) -> Bool {
        let thread = LoopOwnership.callingThread
        return core.queue.ownership.isTurning(on: thread) || allowsUnusualUse("\(operation)")
    }

    /// Whether a call that is made while the loop is not running may proceed.
    @inline(never)
    private func allowsUnusualUse(_ operation: String) -> Bool {
        // Closing a loop drops its endpoints, so a late call on one is harmless.
        if core.queue.isClosed { return false }
        return core.allowsUse(operation) { $0.transport = self }
    }

    // MARK: Life

    /// Notifies the protocol object and starts receiving.
    func begin() {
        channel.begin(for: self)
        core.descriptors.claim(descriptor, "transport", self)
        core.transports[ObjectIdentifier(self)] = self
        state = .open
        let receiver = datagramProtocol
        core.upcall(ActivityName("connectionMade", of: receiver)) { receiver.connectionMade(self) }
        if isReading { channel.startReceiving() }
    }

    var isClosing: Bool {
        switch state {
        case .made, .open: false
        case .flushing, .closing, .lost: true
        }
    }

    func close() {
        guard allowsUse("close"), !isClosing else { return }
        channel.stopReceiving()
        if queue.isEmpty { return closeChannel() }
        state = .flushing
        limitFlush()
    }

    func abort() {
        guard allowsUse("abort") else { return }
        closeChannel()
    }

    override func failed(_ errno: Errno, _ operation: StaticString) {
        guard state == .open || state == .flushing else { return }
        let error = EventLoopError(system: errno, "\(operation)", address: peerAddress?.description)
        let direction = "\(operation)".hasPrefix("send") ? "write" : "read"
        var context = ExceptionContext(message: "Fatal \(direction) error on datagram transport", error: error)
        context.protocol = `protocol`
        context.transport = self
        core.exceptions.report(context)
        loss = error
        closeChannel()
    }

    func closeChannel() {
        guard state != .closing, state != .lost else { return }
        lastLocalAddress = socket.localAddress
        state = .closing
        stall.end()
        retry.end()
        channel.close()
    }

    override func channelClosed() {
        guard state != .lost else { return }
        state = .lost
        queue.removeAll()
        core.transports[ObjectIdentifier(self)] = nil
        core.descriptors.release(descriptor, self)
        guard !core.isClosed else { return releaseProtocol() }
        // Deferred once more, so that whatever was scheduled before the end runs before `connectionLost`.
        _ = core.callSoon { self.notifyLoss() }
    }

    private func notifyLoss() {
        core.note(.debug, "\(self) is closed")
        let receiver = datagramProtocol
        core.upcall(ActivityName("connectionLost", of: receiver)) { receiver.connectionLost(loss) }
        releaseProtocol()
    }

    /// Breaks the cycle between the protocol object and its transport.
    private func releaseProtocol() {
        let former = wiringReference
        wiringReference = .passRetained(.none)
        former.release()
    }

    // MARK: Receiving

    var isReading: Bool {
        state == .open && !isPaused
    }

    func pauseReading() {
        guard allowsUse("pauseReading"), state == .open || state == .made, !isPaused else { return }
        isPaused = true
        channel.stopReceiving()
        core.note(.debug, "\(self) pauses reading")
    }

    func resumeReading() {
        guard allowsUse("resumeReading"), state == .open || state == .made, isPaused else { return }
        isPaused = false
        if state == .open { channel.startReceiving() }
        core.note(.debug, "\(self) resumes reading")
    }

    // MARK: Calls of the channel

    override func received(_ datagram: borrowing ReceivedDatagram) {
        retry.succeeded()
        deliver(datagram)
    }

    override func receiveFailed(_ errno: Errno) {
        notify(errno, "recvmsg", peerAddress)
        if retry.failed(), isReading { delayReceiving() }
    }

    override func gather(into headers: UnsafeMutablePointer<UnsafeMutablePointer<msghdr>>, most: Int) -> Int {
        queue.gather(into: headers, most: most)
    }

    override func sent(_ count: Int) {
        noteSent(count)
    }

    override func sendFailed(_ errno: Errno) {
        noteSendFailure(errno)
    }

    override func sendStalled() {
        waitOutStall()
    }

    // MARK: The two ends

    var socket: TransportSocket {
        switch state {
        case .made, .open, .flushing: TransportSocket(descriptor, core.sockets)
        // The number may belong to another file.
        case .closing, .lost: TransportSocket(-1, core.sockets)
        }
    }

    var localAddress: SocketAddress? {
        switch state {
        case .made, .open, .flushing: socket.localAddress
        case .closing, .lost: lastLocalAddress
        }
    }

    func extraInfo(_ name: String) -> (any Sendable)? {
        switch name {
        case "peername": isConnected ? peerAddress : nil
        case "sockname": localAddress
        case "socket": socket
        default: nil
        }
    }
}

extension DatagramSocketTransport: CustomStringConvertible {
    var description: String {
        "<DatagramTransport fd=\(descriptor) \(state)\(peerAddress.map { " peer \($0)" } ?? "")>"
    }
}
