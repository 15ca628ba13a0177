internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// Accepts with one multishot operation for as long as all goes well.
final class ProactorListenerChannel: CompletionTarget, ListenerChannel {
    private let descriptor: Int32
    private let port: RingPort
    private weak var owner: (any ListenerOwner)?
    private var tag: UInt64?
    private var isClosed = false

    init(_ descriptor: Int32, port: RingPort, owner: any ListenerOwner) {
        self.descriptor = descriptor
        self.port = port
        self.owner = owner
        super.init()
    }

    func startAccepting() {
        guard tag == nil, !isClosed else { return }
        let tag = port.tag(for: self, .acceptMultishot)
        self.tag = tag
        port.ring.acceptMultishot(descriptor, tag: tag)
    }

    override func completed(_ kind: OperationKind, _ result: Int32, _ flags: CompletionFlags) {
        if !flags.hasMore { tag = nil }
        if result >= 0 { deliver(result) }
        guard !isClosed, tag == nil else { return }
        // Whatever ended the multishot, the owner decides when to go on after an error.
        if result >= 0 { startAccepting() } else { owner?.acceptFailed(Errno(rawValue: -result)) }
    }

    private func deliver(_ accepted: Int32) {
        if !isClosed, let owner { owner.accepted(accepted) } else { port.ring.closeDescriptor(accepted) }
    }

    /// Refuses new connections from here on.
    ///
    /// An accept in flight keeps its socket open past `close(2)`: so it is cancelled, and the kernel entered, before
    /// the descriptor is closed.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        shutdown(descriptor, Int32(SHUT_RDWR))
        if let tag {
            port.ring.cancel(tag)
            try? port.ring.enter(.none)
        }
        try? Descriptor.close(descriptor)
    }
}
