internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// Accepts with one multishot operation for as long as all goes well.
final class ProactorListenerChannel: ChannelTarget, ListenerChannel {
    private let descriptor: Int32
    private let port: RingPort
    private weak var owner: (any ListenerOwner)?
    private var tag: UInt64?
    private var isClosed = false
    private var hasClosedDescriptor = false

    init(_ descriptor: Int32, port: RingPort, owner: any ListenerOwner) {
        self.descriptor = descriptor
        self.port = port
        self.owner = owner
        super.init()
    }

    func startAccepting() {
        guard tag == nil, !isClosed else { return }
        tag = port.ring.acceptMultishot(descriptor, for: self)
    }

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        if !flags.hasMore { self.tag = nil }
        if result >= 0 { deliver(result) }
        guard self.tag == nil else { return }
        if isClosed { return closeDescriptor() }
        // Whatever ended the multishot, the owner decides when to go on after an error.
        if result >= 0 { startAccepting() } else { owner?.acceptFailed(Errno(rawValue: -result)) }
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.accept, descriptor, owner: owner.map { "\($0)" } ?? "a closed server")
    }

    private func deliver(_ accepted: Int32) {
        do throws(Errno) {
            // Standard descriptors are occupied when the ring is made; the program may have closed one since.
            let descriptor = try Descriptor.aboveStandard(accepted)
            if !isClosed, let owner { owner.accepted(descriptor) } else { try? Descriptor.close(descriptor) }
        } catch {
            if !isClosed { owner?.acceptFailed(error) }
        }
    }

    /// Takes no connection from here on.
    ///
    /// An accept in flight keeps its socket open past `close(2)`: so it is cancelled, and the kernel entered, before
    /// the descriptor is closed. The socket may be shared with other processes, which go on listening.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        guard let tag else { return closeDescriptor() }
        port.ring.cancel(tag)
        try? port.ring.enter(.none)
        // An accept that the kernel has not taken yet would go to whatever has the number by then.
        if port.ring.entriesQueued == port.ring.entriesSubmitted { closeDescriptor() }
    }

    private func closeDescriptor() {
        guard !hasClosedDescriptor else { return }
        hasClosedDescriptor = true
        try? Descriptor.close(descriptor)
    }
}
