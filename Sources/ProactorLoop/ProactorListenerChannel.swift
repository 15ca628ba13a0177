internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// A listening socket on the ring, which accepts connections with a multishot operation.
final class ProactorListenerChannel: ChannelTarget, ListenerChannel {
    private let descriptor: Int32
    private let port: RingPort
    private weak var owner: (any ListenerOwner)?
    private var tag: UInt64?
    private var isWanted = false
    private var isCancelling = false
    private var isClosed = false
    private var hasClosedDescriptor = false

    init(_ descriptor: Int32, port: RingPort, owner: any ListenerOwner) {
        self.descriptor = descriptor
        self.port = port
        self.owner = owner
        super.init()
    }

    func startAccepting() {
        isWanted = true
        // If the previous accept is being cancelled, its last completion starts the next one.
        guard tag == nil, !isClosed else { return }
        isCancelling = false
        tag = port.ring.acceptMultishot(descriptor, for: self)
    }

    func stopAccepting() {
        isWanted = false
        guard let tag, !isCancelling, !isClosed else { return }
        isCancelling = true
        port.ring.cancel(tag)
    }

    var isAccepting: Bool { tag != nil }

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        if !flags.hasMore { self.tag = nil }
        if result >= 0 { deliver(result) }
        guard self.tag == nil else { return }
        if isClosed { return closeDescriptor() }
        guard isWanted else { return }
        if result >= 0 || isCancelling && result == -ECANCELED { return startAccepting() }
        // After an error, the owner decides when to continue.
        isWanted = false
        owner?.acceptFailed(Errno(rawValue: -result))
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.accept, descriptor, owner: owner.map { "\($0)" } ?? "a closed server")
    }

    private func deliver(_ accepted: Int32) {
        do throws(Errno) {
            // Standard descriptors are occupied when the ring is created, but the program may have closed one since.
            let descriptor = try Descriptor.aboveStandard(accepted)
            if let owner { owner.accepted(descriptor) } else { try? Descriptor.close(descriptor) }
        } catch {
            if !isClosed { owner?.acceptFailed(error) }
        }
    }

    /// Closes the socket; no connection is accepted from now on.
    ///
    /// An accept in flight would keep the socket open after `close(2)`, so it is cancelled and the kernel is entered
    /// before the descriptor is closed. Other processes that share the socket continue to listen.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        guard let tag else { return closeDescriptor() }
        port.ring.cancel(tag)
        try? port.ring.enter(.none)
        // An accept that is submitted after the close would apply to whatever file the descriptor then refers to.
        if port.ring.entriesQueued == port.ring.entriesSubmitted { closeDescriptor() }
    }

    private func closeDescriptor() {
        guard !hasClosedDescriptor else { return }
        hasClosedDescriptor = true
        try? Descriptor.close(descriptor)
    }
}
