internal import EventLoops
internal import Kernel
internal import Polling

/// A channel that watches a user's descriptor on a poller, and reports it in each turn for as long as it is ready.
final class SelectorWatchChannel: ReadinessTarget, WatchChannel {
    private let descriptor: Int32
    private let port: PollerPort
    private weak var owner: (any WatchOwner)?

    init(_ descriptor: Int32, port: PollerPort, owner: any WatchOwner) {
        self.descriptor = descriptor
        self.port = port
        self.owner = owner
        super.init()
    }

    /// Sets the directions to watch, at once, so that the caller learns whether the kernel can watch the descriptor.
    func watch(reading: Bool, writing: Bool) throws(Errno) {
        port.watches.want(Readiness(readable: reading, writable: writing), of: descriptor, self)
        try port.watches.applyNow(descriptor, for: self)
    }

    func rearm(reading: Bool, writing: Bool) throws(Errno) {
        port.watches.want(Readiness(readable: reading, writable: writing), of: descriptor, self)
        try port.watches.rearm(descriptor, for: self)
    }

    override func ready(_ readiness: Readiness) {
        owner?.becameReady(reading: readiness.isReadable, writing: readiness.isWritable)
    }

    override func watchingFailed(_ errno: Errno) {
        owner?.watchingFailed(errno)
    }

    override func purpose(of readiness: Readiness) -> OperationPurpose {
        owner?.purpose(ofWriting: readiness.isWritable, descriptor)
            ?? OperationPurpose(
                readiness.isWritable ? .watchForWriting : .watchForReading, descriptor, owner: "a watch that has ended")
    }

    func close() {
        port.watches.release(descriptor, self)
    }
}
