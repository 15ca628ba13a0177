internal import EventLoops
internal import Kernel
internal import Uring

/// Ends the loop's wait from any thread or signal handler: a read of an event descriptor is always in flight.
///
/// The read is single-shot and armed again after each completion, so that a burst of wake-ups causes one completion.
final class Waker: ChannelTarget {
    private let event: EventDescriptor
    private let counter = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    private let port: RingPort
    private var isStopped = false
    /// Why the loop can no longer be woken, for example because user code closed the descriptor.
    private(set) var failure: Errno?
    private var hasClosedEvent = false

    /// Takes ownership of the event descriptor, which must be blocking so that the ring waits for it.
    init(_ event: EventDescriptor, _ port: RingPort) {
        self.event = event
        self.port = port
        super.init()
    }

    deinit {
        counter.deallocate()
        if !hasClosedEvent { event.close() }
    }

    var descriptor: Int32 {
        event.fd
    }

    func signal() {
        event.signal()
    }

    func arm() {
        _ = port.ring.read(event.fd, into: counter, count: 8, offset: 0, for: self)
    }

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        if isStopped { return }
        let errno = Errno(rawValue: -result)
        if result >= 0 || errno == .canceled || errno == .interrupted || errno == .resourceTemporarilyUnavailable {
            arm()
        } else {
            failure = errno
        }
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.wakeUp, event.fd, owner: "waker")
    }

    /// Stops arming reads; the driver cancels the read in flight with all other operations.
    func stop() {
        isStopped = true
    }

    func close() {
        isStopped = true
        hasClosedEvent = true
        event.close()
    }
}
