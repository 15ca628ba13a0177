package import EventLoops
internal import Kernel

/// A loop whose driver only sleeps and wakes: for tests that do not depend on the kernel.
package final class FakeLoop: AbstractEventLoop {
    package let core: LoopCore
    package let driver: FakeDriver

    /// - Parameters:
    ///   - sockets: Replaces the kernel's sockets.
    ///   - clock: Replaces the kernel's clock.
    package init(sockets: any SocketSystem = KernelSockets.shared, clock: LoopClock = .monotonic) throws {
        driver = FakeDriver(try EventDescriptor(), clock)
        core = LoopCore(
            driver: driver, channels: driver, operations: driver, report: driver, sockets: sockets, clock: clock,
            queue: WorkQueue(), segments: SegmentPool())
        core.bind(to: self)
    }

    deinit {
        core.abandonUnlessClosed()
    }
}
