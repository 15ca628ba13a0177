internal import Kernel

/// The protocol object under an endpoint for async code: keeps received datagrams until a task takes them.
final class DatagramInlet: DatagramProtocol {
    typealias Datagram = (bytes: [UInt8], sender: SocketAddress?, info: DatagramInfo)

    let queueLimit: Int
    private let core: LoopCore
    private let handler: ((EventLoopError) -> Void)?
    /// The errors that were logged, because there is no handler.
    private var logged: Set<Errno?> = []
    private var datagrams = DatagramBacklog()
    private var transport: (any DatagramTransport)?
    private var isConnected = false
    /// An error that the next receive throws.
    private var error: EventLoopError?
    private var isReceivingPaused = false
    private var isSendingPaused = false
    private var hasEnded = false
    private var isLost = false
    private(set) var loss: (any Error)?
    private let arrived: WaitList
    private let drained: WaitList
    private let lost: WaitList

    /// - Parameters:
    ///   - queueLimit: The number of datagrams at which receiving pauses; at least one.
    ///   - handler: Gets the errors that no receive throws; nil to log the first of each kind.
    init(core: LoopCore, queueLimit: Int, handler: ((EventLoopError) -> Void)?) {
        self.core = core
        self.queueLimit = queueLimit
        self.handler = handler
        arrived = WaitList(queue: core.queue)
        drained = WaitList(queue: core.queue)
        lost = WaitList(queue: core.queue)
    }

    // MARK: Notifications from the transport

    func connectionMade(_ transport: any DatagramTransport) {
        self.transport = transport
        // A peer may be unnamed, and an endpoint that may broadcast is not connected to its remote address.
        isConnected = (transport as? DatagramSocketTransport)?.isConnected ?? (transport.peerAddress != nil)
    }

    func datagramReceived(_ data: RawSpan, from sender: SocketAddress?) {
        datagramReceived(data, from: sender, info: DatagramInfo())
    }

    func datagramReceived(_ data: RawSpan, from sender: SocketAddress?, info: DatagramInfo) {
        guard !info.isTruncated else { return errorReceived(.truncated(from: sender)) }
        var single = info
        single.segmentSize = nil
        info.forEachSegment(of: data) { datagrams.append(($0.withUnsafeBytes { Array($0) }, sender, single)) }
        if datagrams.count >= queueLimit, !isReceivingPaused {
            isReceivingPaused = true
            transport?.pauseReading()
        }
        arrived.resumeAll()
    }

    /// Keeps the error of a connected endpoint for the next receive: it concerns the only peer.
    ///
    /// The errors of other endpoints concern one of many destinations, and must not end a task that serves all of them.
    func errorReceived(_ error: EventLoopError) {
        guard isConnected else {
            if let handler { handler(error) } else { log(error) }
            return
        }
        self.error = error
        arrived.resumeAll()
    }

    /// Logs an error that nothing else reports; only the first of each kind, because each datagram can cause one.
    private func log(_ error: EventLoopError) {
        guard logged.insert(error.errno).inserted else { return }
        let place = transport.map { "\($0)" } ?? "a datagram endpoint"
        Log.write(.warning, "\(place) lost a datagram: \(error). Pass onError to get these errors")
    }

    func pauseWriting() {
        isSendingPaused = true
    }

    func resumeWriting() {
        isSendingPaused = false
        drained.resumeAll()
    }

    func connectionLost(_ error: (any Error)?) {
        isLost = true
        loss = error
        transport = nil
        endWaits()
        lost.resumeAll()
    }

    /// Drops the waiting datagrams, and ends all waits.
    func end() {
        datagrams.removeAll()
        error = nil
        endWaits()
    }

    private func endWaits() {
        hasEnded = true
        arrived.resumeAll()
        drained.resumeAll()
    }

    // MARK: Calls of tasks

    /// The next datagram; nil after the end, when everything that had arrived has been taken.
    func next(inSequence: Bool) async throws -> Datagram? {
        try core.checkTask("receive")
        while !(inSequence && core.areSequencesOver) {
            if let datagram = datagrams.popFirst() {
                resumeReceiving()
                return datagram
            }
            if let error = error.take() { throw error }
            if hasEnded { break }
            try await arrived.waitOrThrow("receive", inSequence: inSequence)
        }
        if let loss { throw loss }
        return nil
    }

    private func resumeReceiving() {
        guard isReceivingPaused, datagrams.count <= queueLimit / 2 else { return }
        isReceivingPaused = false
        transport?.resumeReading()
    }

    /// Whether ``waitToSend()`` has to be called.
    var mustWait: Bool {
        get throws {
            try core.checkTask("send")
            return isSendingPaused || hasEnded
        }
    }

    /// Waits until the transport takes more datagrams.
    func waitToSend() async throws {
        while isSendingPaused, !hasEnded { try await drained.waitOrThrow("send") }
        if let loss { throw loss }
        if hasEnded { throw EventLoopError.closed("send", "The endpoint") }
    }

    func waitClosed() async throws {
        if !isLost {
            try core.checkTask("waitClosed")
            try await lost.waitOrThrow("waitClosed")
        }
        if let loss { throw loss }
    }
}

/// A queue of received datagrams whose memory is used again.
private struct DatagramBacklog {
    private var slots: [DatagramInlet.Datagram?] = []
    private var first = 0
    private(set) var count = 0

    mutating func append(_ datagram: DatagramInlet.Datagram) {
        if count == slots.count { grow() }
        slots[(first + count) % slots.count] = datagram
        count += 1
    }

    mutating func popFirst() -> DatagramInlet.Datagram? {
        guard count > 0 else { return nil }
        defer {
            first = (first + 1) % slots.count
            count -= 1
        }
        return slots[first].take()
    }

    mutating func removeAll() {
        self = DatagramBacklog()
    }

    private mutating func grow() {
        let kept = (0..<count).map { slots[(first + $0) % slots.count] }
        slots = kept + Array(repeating: nil, count: max(8, count))
        first = 0
    }
}
