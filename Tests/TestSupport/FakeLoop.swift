package import EventLoops
internal import Kernel

/// A loop whose driver only sleeps and wakes: for tests of what does not depend on the kernel.
package final class FakeLoop: AbstractEventLoop {
    package let core: LoopCore
    package let driver: FakeDriver

    package init() throws {
        driver = FakeDriver(try EventDescriptor())
        core = LoopCore(driver: driver, queue: WorkQueue(), segments: SegmentPool())
        core.bind(to: self)
    }

    deinit {
        core.abandonUnlessClosed()
    }
}
