public import EventLoops

/// An event loop based on io_uring: it submits operations to the kernel and delivers their completions directly to
/// protocols, futures and async code.
///
/// Requires Linux 6.1 or later, and a system configuration that allows io_uring.
///
///     let loop = try ProactorEventLoop()
///     defer { try? loop.close() }
///     try loop.runUntilComplete { … }
///
/// asyncio: `asyncio.ProactorEventLoop`.
///
/// Kernel: `io_uring(7)`.
public final class ProactorEventLoop: AbstractEventLoop, CustomStringConvertible {
    /// The implementation common to all loops.
    ///
    /// For internal use only.
    public let core: LoopCore
    /// An unretained reference to the core.
    ///
    /// For internal use only.
    public var coreReference: Unmanaged<LoopCore> { .passUnretained(core) }
    package let driver: ProactorDriver

    /// Makes a loop.
    ///
    /// Its ring is bound to the first thread that runs the loop.
    ///
    /// - Parameter configuration: The sizes of queues and buffers, and how long to spin.
    /// - Throws: ``EventLoopError``: `.system` if io_uring is unavailable, in which case the errno and the detail give
    ///   the cause and the remedy; `.invalidArgument` if a size is invalid.
    public init(configuration: ProactorConfiguration = ProactorConfiguration()) throws(EventLoopError) {
        try configuration.check()
        let queue = WorkQueue()
        let segments = SegmentPool(queue: queue)
        driver = try ProactorDriver(configuration, queue: queue, segments: segments)
        core = LoopCore(driver: driver, queue: queue, segments: segments)
        core.bind(to: self)
    }

    deinit {
        core.abandonUnlessClosed()
    }

    /// The loop's kind and state.
    public var description: String {
        "<ProactorEventLoop \(core.isClosed ? "closed" : core.queue.isRunning ? "running" : "idle")>"
    }
}

extension ProactorConfiguration {
    fileprivate func check() throws(EventLoopError) {
        func refuse(_ detail: String) -> EventLoopError { .invalidArgument("ProactorEventLoop", detail) }
        let count = receiveBufferCount
        guard count >= 2, count <= 32768, count & (count - 1) == 0 else {
            throw refuse("receiveBufferCount must be a power of two from 2 to 32768, not \(count)")
        }
        guard (64...(16 << 20)).contains(receiveBufferSize) else {
            throw refuse("receiveBufferSize must be from 64 bytes to 16 MiB, not \(receiveBufferSize)")
        }
        guard submissionEntries > 0, completionEntries >= submissionEntries else {
            throw refuse("submissionEntries must be at least 1, and completionEntries at least submissionEntries")
        }
    }
}
