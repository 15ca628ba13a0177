public import EventLoops

/// An event loop on readiness: it waits until the kernel can read or write, and then does so without blocking.
///
/// For where io_uring is denied: containers' default profiles, old kernels, hardened hosts. Same contract, same
/// protocols, same streams as the proactor loop.
///
///     let loop = try SelectorEventLoop()
///     defer { try? loop.close() }
///     try loop.runUntilComplete { … }
///
/// asyncio: `asyncio.SelectorEventLoop`. Kernel: `epoll(7)`, `poll(2)`, `select(2)`.
public final class SelectorEventLoop: AbstractEventLoop, CustomStringConvertible {
    /// What all loops have in common.
    ///
    /// Not for users.
    public let core: LoopCore
    /// The core, without counting a reference to it.
    ///
    /// Not for users.
    public var coreReference: Unmanaged<LoopCore> { .passUnretained(core) }
    package let driver: SelectorDriver

    /// Makes a loop.
    ///
    /// - Parameter selector: How it asks the kernel what is ready.
    /// - Throws: ``EventLoopError`` with `.system` if there is no descriptor left for it. asyncio:
    ///   `asyncio.SelectorEventLoop(selector)`.
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
