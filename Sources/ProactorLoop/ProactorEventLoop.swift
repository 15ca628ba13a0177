public import EventLoops

/// An event loop on io_uring: operations are submitted to the kernel, and their completions go straight to protocols,
/// futures and async code.
///
/// Linux 6.1 or later, where containers and sysctls allow it.
///
///     let loop = try ProactorEventLoop()
///     defer { try? loop.close() }
///     try loop.runUntilComplete { … }
///
/// asyncio: `asyncio.ProactorEventLoop`. Kernel: `io_uring(7)`.
public final class ProactorEventLoop: AbstractEventLoop, CustomStringConvertible {
    /// What all loops have in common.
    ///
    /// Not for users.
    public let core: LoopCore
    /// The core, without counting a reference to it.
    ///
    /// Not for users.
    public var coreReference: Unmanaged<LoopCore> { .passUnretained(core) }
    package let driver: ProactorDriver

    /// Makes a loop.
    ///
    /// Its ring is bound to the first thread that runs the loop.
    ///
    /// - Parameter configuration: Sizes of queues and buffers.
    /// - Throws: ``EventLoopError`` with `.system`: the errno and the detail say what denies io_uring and what to do
    ///   about it; `.invalidArgument` for sizes that cannot be.
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
            throw refuse("receiveBufferCount must be a power of two in 2...32768, not \(count)")
        }
        guard (64...(16 << 20)).contains(receiveBufferSize) else {
            throw refuse("receiveBufferSize must be 64 bytes to 16 MiB, not \(receiveBufferSize)")
        }
        guard submissionEntries > 0, completionEntries >= submissionEntries else {
            throw refuse("completionEntries must be at least submissionEntries, and that above zero")
        }
    }
}
