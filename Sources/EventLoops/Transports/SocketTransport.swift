internal import Glibc
internal import Kernel

/// A connected stream socket: a receiving half and a sending half over one channel, for both kinds of loop.
///
/// asyncio: `_SelectorSocketTransport`, `_ProactorSocketTransport`.
final class SocketTransport: ChannelTransport, StreamTransport, @unchecked Sendable {
    let receiving = ReceivingHalf()
    let sending: SendingHalf
    let peerAddress: SocketAddress?
    /// This end's address, kept for use after the descriptor has been closed.
    private var lastLocalAddress: SocketAddress?
    /// The descriptors that are passed with the bytes; nil if the connection passes none.
    private let descriptors: DescriptorQueue?
    /// Called when the channel has released the descriptor.
    private var departure: ((Departure?) -> Void)?
    /// Whether the connection was moved from another loop and still has bytes from there to send or to deliver.
    private var isArriving = false

    /// - Parameters:
    ///   - channel: Owns the descriptor; nil for a new channel of the loop's driver.
    ///   - peer: The other end's address; nil to ask the kernel.
    ///   - passesDescriptors: Whether descriptors can be sent and received, over a channel of another kind.
    /// - Throws: ``EventLoopError`` with `.invalidArgument` for a protocol object that takes no bytes.
    init(
        core: LoopCore, descriptor: Int32, channel: (any StreamChannel)? = nil, protocol: any BaseProtocol,
        peer: SocketAddress? = nil, tracker: (any TransportTracker)? = nil, passesDescriptors: Bool = false
    ) throws(EventLoopError) {
        let wiring = try ProtocolWiring(`protocol`)
        sending = SendingHalf(pool: core.segments)
        // The kernel forgets the address when the peer resets the connection.
        peerAddress = peer ?? (try? core.sockets.peerAddress(descriptor))
        descriptors = passesDescriptors ? DescriptorQueue() : nil
        let channel =
            if let channel {
                channel
            } else if let descriptors {
                core.channels.makeStreamChannel(descriptor, passing: descriptors)
            } else {
                core.channels.makeStreamChannel(descriptor)
            }
        super.init(core: core, channel: channel, descriptor: descriptor, wiring: wiring, tracker: tracker)
    }

    override func begun() {
        let connection = wiring.connection
        core.upcall(ActivityName("connectionMade", of: connection)) { connection.connectionMade(self) }
        if isArriving { sending.start(self) }
        receiving.start(self)
    }

    func setProtocol(_ protocol: any BaseProtocol) throws(EventLoopError) {
        try core.checkThread("setProtocol")
        let wiring = try ProtocolWiring(`protocol`)
        // After the channel is closed, `connectionLost` is still to be called, on the protocol object of that time.
        guard self.wiring.receiver != .none else { return }
        rewire(wiring)
        receiving.releaseFormerSupplier(self)
        // A protocol object of the other kind receives in another mode.
        receiving.start(self)
    }

    // MARK: Receiving

    var isReading: Bool {
        receiving.isReading(self)
    }

    func pauseReading() {
        if allowsUse("pauseReading") { receiving.pause(self) }
    }

    func resumeReading() {
        if allowsUse("resumeReading") { receiving.resume(self) }
    }

    override func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        receiving.deliver(bytes, to: self)
    }

    override func receiveBuffer() -> UnsafeMutableRawBufferPointer? {
        receiving.buffer(of: self)
    }

    override func receivedIntoBuffer(_ bytes: UnsafeRawBufferPointer) -> Int {
        receiving.filled(bytes, of: self)
    }

    override func receivedEOF() {
        super.receivedEOF()
        receiving.end(self)
    }

    // MARK: Sending

    func write(_ bytes: RawSpan) {
        // The pointer escapes its closure, because the compiler would not inline a write inside it; the span outlives
        // the use.
        sending.write(bytes.withUnsafeBytes { $0 }, to: self)
    }

    func write(_ bytes: [UInt8]) {
        sending.write(bytes, to: self)
    }

    /// Sends bytes, and descriptors with the first of them.
    ///
    /// If the bytes are dropped, the descriptors are closed.
    func write(_ bytes: [UInt8], _ attached: consuming OwnedDescriptors, _ descriptors: DescriptorQueue) {
        let position = sending.count
        sending.write(bytes, to: self)
        if sending.count > position { descriptors.attach(attached, at: position) }
    }

    /// The queue of descriptors, for calls on the loop's thread.
    ///
    /// - Throws: ``EventLoopError``: `.notSupported` if the connection passes none; `.wrongThread`.
    func passed(_ operation: String) throws(EventLoopError) -> DescriptorQueue {
        try core.checkThread(operation)
        if let descriptors { return descriptors }
        throw .passesNoDescriptors(operation)
    }

    func writeEOF() {
        if allowsUse("writeEOF") { sending.end(self) }
    }

    var canWriteEOF: Bool { true }

    var writeBufferSize: Int {
        switch state {
        case .made, .open, .flushing: sending.count
        // The bytes are dropped, though a send in flight may read them until the channel is closed.
        case .leaving: sending.count
        case .broken, .closing, .lost, .detached: 0
        }
    }

    var writeBufferLimits: WriteBufferLimits {
        sending.limits
    }

    func setWriteBufferLimits(high: Int?, low: Int?) throws(EventLoopError) {
        try core.checkThread("setWriteBufferLimits")
        sending.setLimits(try FlowControl.limits(high: high, low: low), of: self)
    }

    override func gather(into vectors: UnsafeMutablePointer<iovec>) -> Gathering {
        sending.gather(into: vectors)
    }

    override func sent(_ count: Int) {
        sending.sent(count, of: self)
    }

    // MARK: The two ends

    var socket: TransportSocket {
        switch state {
        case .made, .open, .flushing, .broken: TransportSocket(descriptor, core.sockets)
        // The number may belong to another file.
        case .closing, .lost, .detached, .leaving: TransportSocket(-1, core.sockets)
        }
    }

    var localAddress: SocketAddress? {
        switch state {
        case .made, .open, .flushing, .broken: socket.localAddress
        case .closing, .lost, .detached, .leaving: lastLocalAddress
        }
    }

    /// Nil after the descriptor has been closed, because its number may belong to another file by then.
    private var peerCredentials: PeerCredentials? {
        switch state {
        case .made, .open, .flushing, .broken: try? socket.peerCredentials
        case .closing, .lost, .detached, .leaving: nil
        }
    }

    override var peerName: String? {
        peerAddress?.description
    }

    override func extraInfo(_ name: String) -> (any Sendable)? {
        switch name {
        case "peername": peerAddress
        case "sockname": localAddress
        case "socket": socket
        case "peercred": peerCredentials
        default: nil
        }
    }

    // MARK: The end

    override var mayHaveUnreadBytes: Bool {
        receiving.mayHaveUnreadBytes
    }

    override var hasUnsentBytes: Bool {
        !sending.isEmpty
    }

    override func channelWillClose() {
        // The kernel still knows the address, even after a reset; asking only now saves a call during connection
        // set-up.
        lastLocalAddress = localAddress
    }

    override func channelClosed() {
        sending.removeAll()
        super.channelClosed()
        takeDeparture()?(nil)
    }

    // MARK: Moving to another loop

    /// Gives the connection up, with everything that is in transit in either direction.
    ///
    /// - Parameter then: Called in a later turn with the connection, or with nil if it was aborted first.
    /// - Throws: The same as ``beginLeaving()``.
    func leave(_ then: @escaping (Departure?) -> Void) throws(EventLoopError) {
        try beginLeaving()
        departure = then
    }

    override func channelReleased(_ remains: StreamRemains) {
        let departure = takeDeparture()
        let connection = Departure(
            descriptor: CarriedDescriptor(descriptor, core.sockets), receiving: remains, sending: sending.remains(),
            isReadingPaused: receiving.isPaused, peerAddress: peerAddress)
        sending.removeAll()
        hasLeft()
        departure?(connection)
    }

    private func takeDeparture() -> ((Departure?) -> Void)? {
        defer { departure = nil }
        return departure
    }

    /// Makes a transport for a connection that has left another loop.
    ///
    /// - Throws: ``EventLoopError`` with `.invalidArgument` for a protocol object that takes no bytes.
    convenience init(
        core: LoopCore, resuming connection: Departure, protocol: any BaseProtocol
    ) throws(EventLoopError) {
        let descriptor = connection.descriptor.number
        try self.init(
            core: core, descriptor: descriptor,
            channel: core.channels.makeStreamChannel(descriptor, after: connection.receiving), protocol: `protocol`,
            peer: connection.peerAddress)
        sending.resume(from: connection.sending)
        if connection.isReadingPaused { receiving.pause(self) }
        isArriving = true
    }

    override func protocolReleased() {
        // After the channel was detached, the kernel may still fill the supplier's memory: see memoryReleased().
        if state != .detached || !channel.mayFillOwnersMemory { receiving.releaseSupplier() }
    }

    override func memoryReleased() {
        receiving.releaseSupplier()
    }
}

extension SocketTransport: CustomStringConvertible {
    var description: String {
        "<SocketTransport fd=\(descriptor) \(state)\(peerAddress.map { " peer \($0)" } ?? "")>"
    }
}
