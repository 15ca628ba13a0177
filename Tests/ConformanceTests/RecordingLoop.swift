import EventLoops
import ProactorLoop
import SelectorLoop
import TestSupport
import Testing

/// A loop of any kind that records how its driver is used.
final class RecordingLoop: AbstractEventLoop {
    let core: LoopCore
    let driver: RecordingDriver

    init(_ kind: LoopKind) throws {
        let queue = WorkQueue()
        let segments = SegmentPool()
        switch kind {
        case .proactor:
            driver = RecordingDriver(try ProactorDriver(ProactorConfiguration(), queue: queue, segments: segments))
        case .epoll: driver = RecordingDriver(try SelectorDriver(.epoll, queue: queue, segments: segments))
        case .poll: driver = RecordingDriver(try SelectorDriver(.poll, queue: queue, segments: segments))
        case .select: driver = RecordingDriver(try SelectorDriver(.select, queue: queue, segments: segments))
        }
        let inner = driver.inner
        core = LoopCore(
            driver: driver, channels: inner, operations: inner, report: inner, queue: queue, segments: segments)
        core.bind(to: self)
    }

    deinit {
        core.abandonUnlessClosed()
    }
}

/// Like `withLoop`, with a loop that records how its driver is used.
func withRecordingLoop(
    _ kind: LoopKind, _ body: @escaping @Sendable (RecordingLoop) throws -> Void
) async throws {
    try await withCheckedLoop(LoopCheck { try RecordingLoop(kind) }) { loop, _ in
        try body(try #require(loop as? RecordingLoop))
    }
}
