internal import EventLoops
internal import Glibc
internal import Kernel
internal import Synchronization
internal import Uring

/// The state that a loop's channels share: the ring, its receive buffers, and the lists of channels to call.
final class RingPort: @unchecked Sendable {
    let ring: Ring
    let queue: WorkQueue
    let segments: SegmentPool
    /// The receive buffers of streams.
    let pool: ReceivePool
    /// The receive buffers of datagram sockets.
    let datagrams: DatagramPools
    let gathering: GatherPool
    /// The messages from which datagrams are sent; created when first needed, like the next property.
    private(set) lazy var datagramSender = DatagramSender()
    /// The memory into which datagram channels receive by readiness.
    private(set) lazy var datagramMemory = DatagramMemory(KernelSockets.shared)
    /// Channels with bytes to send, called once per turn so that all writes in a turn become one send.
    let sending = TurnList()
    /// Channels that must notify their owners, but not during a call that the owner makes.
    let notifying = TurnList()
    /// Polls to submit after the callbacks of the turn have run.
    let watching = TurnList()
    /// Whether this kernel may fail to report the end of a connection if the end arrives right after bytes.
    let kernelForgetsEnds: Bool
    /// Optional operations that the kernel lacks or refuses.
    private let unavailable: [OperationKind]

    init(_ configuration: ProactorConfiguration, queue: WorkQueue, segments: SegmentPool) throws(RingError) {
        let findings = try Self.testOnce()
        self.queue = queue
        self.segments = segments
        var sizes = RingConfiguration(
            entries: UInt32(clamping: configuration.submissionEntries),
            completionEntries: UInt32(clamping: configuration.completionEntries))
        #if DEBUG
            sizes.pretence = configuration.pretence
            kernelForgetsEnds = findings.forgetsEnds || configuration.pretence.forgetsEnds
            let refused = findings.refused + configuration.pretence.refusedOperations
        #else
            kernelForgetsEnds = findings.forgetsEnds
            let refused = findings.refused
        #endif
        let ring = try Ring(sizes)
        self.ring = ring
        unavailable = OperationKind.allCases.filter { !ring.features.supports($0) || refused.contains($0) }
        if let missing = unavailable.first(where: { $0.isRequired }) {
            throw RingError(operation: missing.name, errno: .noFunction)
        }
        pool = try ReceivePool(
            ring, group: 0, count: configuration.receiveBufferCount, size: configuration.receiveBufferSize)
        datagrams = DatagramPools(ring, segments: segments)
        gathering = GatherPool()
        segments.adopt(pool.lent)
    }

    /// Whether the kernel supports an operation; if not, the loop emulates it.
    func has(_ kind: OperationKind) -> Bool {
        !unavailable.contains(kind)
    }

    private static let findings = Mutex<SelfTest.Findings?>(nil)

    /// Runs the self-test unless it has already passed in this process.
    ///
    /// A failure is not cached, because its cause may be temporary: the process may have been out of descriptors.
    private static func testOnce() throws(RingError) -> SelfTest.Findings {
        if let found = findings.withLock({ $0 }) { return found }
        let found = try SelfTest.run()
        findings.withLock { $0 = found }
        return found
    }
}
