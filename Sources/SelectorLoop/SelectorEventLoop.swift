public import EventLoops

/// An event loop based on readiness: it waits until a descriptor is ready, and then reads or writes without blocking.
///
/// For systems where io_uring is unavailable: default container profiles, old kernels, and hardened hosts. The
/// contract, the protocols and the streams are the same as those of the proactor loop.
///
///     let loop = try SelectorEventLoop()
///     defer { try? loop.close() }
///     try loop.runUntilComplete { … }
///
/// asyncio: `asyncio.SelectorEventLoop`.
///
/// Kernel: `epoll(7)`, `poll(2)`, `select(2)`.
public final class SelectorEventLoop: AbstractEventLoop, CustomStringConvertible {
    /// The implementation common to all loops.
    ///
    /// For internal use only.
    public let core: LoopCore
    /// An unretained reference to the core.
    ///
    /// For internal use only.
    public var coreReference: Unmanaged<LoopCore> { .passUnretained(core) }
    package let driver: SelectorDriver

    /// Makes a loop.
    ///
    /// - Parameter selector: The system call with which the loop waits for readiness.
    /// - Throws: ``EventLoopError``: `.system` if the process has no descriptors left.
    ///
    /// asyncio: `asyncio.SelectorEventLoop(selector)`.
    public init(selector: Selector = .epoll) throws(EventLoopError) {
        let queue = WorkQueue()
        let segments = SegmentPool(queue: queue)
        driver = try SelectorDriver(selector, queue: queue, segments: segments)
        core = LoopCore(driver: driver, queue: queue, segments: segments)
        core.bind(to: self)
    }

    deinit {
        core.abandonUnlessClosed()
    }

    /// The loop's kind and state.
    public var description: String {
        "<SelectorEventLoop \(driver.backend) \(core.isClosed ? "closed" : core.queue.isRunning ? "running" : "idle")>"
    }
}
