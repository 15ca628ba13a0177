internal import EventLoops
internal import Kernel
internal import Uring

/// A datagram socket on the ring: a multishot receive into the loop's buffers for datagrams, and `sendmmsg(2)`.
///
/// All datagrams of a turn are sent by one call before the loop sleeps, in their order. When the socket's buffer is
/// full, the ring waits until it has space. Ring+Datagrams.swift says why sends are not operations of the ring.
final class ProactorDatagramChannel: ChannelTarget, DatagramChannel {
    static let support = OptionalOperation(
        name: "receive datagrams", kind: .receiveMessageMultishot,
        emulation: "\(OperationKind.poll.name) and recvmmsg")

    let descriptor: Int32
    let family: AddressFamily
    let port: RingPort
    // Direct references to the port's objects: the compiler retains objects reached through another object.
    let ring: Ring
    let pool: ReceivePool
    let datagrams: DatagramPool
    let space: MessageSpace
    /// The owner, retained but unmanaged, because the compiler would retain a strong reference for each call.
    private var ownerReference = Unmanaged.passRetained(DatagramChannelOwner.none)

    /// The tag of the receive in flight.
    var receiveTag: UInt64?
    var isReceiving = false
    var isCancelling = false
    var isStarved = false
    /// Whether the receive in flight, or the last one if there is none, has received anything.
    var hasReceived = false
    /// Messages that arrived while the owner took none; created when first needed.
    var held: HeldMessages?

    /// The tag of the poll that waits for space in the socket's buffer.
    var pollTag: UInt64?
    var isListedToSend = false
    /// Whether datagrams may be joined to trains; false once the kernel has refused one.
    var mayJoin: Bool
    /// Whether the socket has been reported as writable since the last datagram was sent.
    var wasWritable = false

    private var isListedToNotify = false
    private(set) var isClosing = false
    private var isFinished = false

    init(_ descriptor: Int32, family: AddressFamily, port: RingPort, pool: DatagramPool) {
        self.descriptor = descriptor
        self.family = family
        self.port = port
        ring = port.ring
        self.pool = pool.buffers
        datagrams = pool
        space = pool.space
        mayJoin = DatagramSender.canJoin(descriptor, family)
        super.init()
    }

    deinit {
        ownerReference.release()
    }

    @inline(__always)
    func withOwner<Result>(_ body: (DatagramChannelOwner) -> Result) -> Result {
        ownerReference._withUnsafeGuaranteedRef(body)
    }

    func begin(for owner: DatagramChannelOwner) {
        replaceOwner(by: owner)
    }

    @discardableResult
    private func replaceOwner(by owner: DatagramChannelOwner) -> DatagramChannelOwner {
        let former = ownerReference.takeRetainedValue()
        ownerReference = .passRetained(owner)
        return former
    }

    // MARK: Events

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        if tag == receiveTag {
            receiveCompleted(result, flags)
        } else {
            assert(tag == pollTag, "the completion is neither of the receive nor of the poll")
            pollCompleted(result)
        }
        assert(hasNextEvent, "a channel whose owner wants datagrams waits for no event")
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(tag == pollTag ? .send : .receive, descriptor, owner: withOwner { "\($0)" })
    }

    override func turnCame(_ call: TurnCall) {
        switch call {
        case .send: sendNow()
        case .notify: notifyOwner()
        case .receive: receiveAgain()
        case .watch: super.turnCame(call)
        }
        assert(hasNextEvent, "a channel whose owner wants datagrams waits for no event")
    }

    /// Whether something will call this channel again if its owner wants datagrams; checked in debug builds.
    var hasNextEvent: Bool {
        !isReceiving || isClosing || receiveTag != nil || isStarved || isListedToNotify || ring.isInForkedChild
    }

    func notifyLater() {
        guard !isListedToNotify else { return }
        isListedToNotify = true
        port.notifying.append(self)
    }

    /// Makes the notifications that were not allowed during the owner's own call.
    private func notifyOwner() {
        isListedToNotify = false
        if isClosing { finishIfPossible() } else { continueReceiving() }
    }

    // MARK: The end

    func close() {
        guard !isClosing else { return }
        isClosing = true
        isReceiving = false
        if let receiveTag { ring.cancel(receiveTag) }
        if let pollTag { ring.cancel(pollTag) }
        leaveStarved()
        notifyLater()
    }

    /// Closes the descriptor if no operation uses it and no list contains the channel.
    func finishIfPossible() {
        guard isClosing, !isFinished, receiveTag == nil, pollTag == nil else { return }
        guard !isListedToSend, !isListedToNotify, !ring.isInForkedChild else { return }
        isFinished = true
        held?.removeAll()
        try? Descriptor.close(descriptor)
        replaceOwner(by: .none).channelClosed()
    }
}
