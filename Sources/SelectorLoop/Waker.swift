internal import EventLoops
internal import Kernel
internal import Polling

/// Ends the loop's wait from any thread or signal handler, with an event descriptor that is always watched.
final class Waker: ReadinessTarget {
    private let event: EventDescriptor
    private let port: PollerPort
    /// Why the loop can no longer be woken, for example because user code closed the descriptor.
    private(set) var failure: Errno?
    private var isClosed = false

    /// Takes ownership of the event descriptor, which must be non-blocking.
    init(_ event: EventDescriptor, _ port: PollerPort) {
        self.event = event
        self.port = port
        super.init()
    }

    deinit {
        if !isClosed { event.close() }
    }

    var descriptor: Int32 {
        event.fd
    }

    func signal() {
        event.signal()
    }

    func arm() {
        port.watches.want(.readable, of: event.fd, self)
    }

    override func ready(_ readiness: Readiness) {
        do throws(Errno) { try event.drain() } catch {
            if error != .resourceTemporarilyUnavailable { failure = error }
        }
    }

    override func watchingFailed(_ errno: Errno) {
        failure = errno
    }

    override func purpose(of readiness: Readiness) -> OperationPurpose {
        OperationPurpose(.wakeUp, event.fd, owner: "waker")
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        port.watches.release(event.fd, self)
        event.close()
    }
}
