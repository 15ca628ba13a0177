package import EventLoops
internal import Synchronization

/// Forwards to another driver, and records how long each turn may wait and how often the loop is woken.
package final class RecordingDriver: @unchecked Sendable {
    package typealias Inner = LoopDriver & ChannelFactory & DescriptorOperations & DriverReport

    package let inner: any Inner
    /// The wait of each turn.
    ///
    /// Loop thread only.
    package private(set) var waits: [LoopWait] = []
    private let wakes = Atomic(0)
    /// Called before each use of the wake descriptor by a signal that is to be caught.
    package var whenWakeDescriptorIsRead: () -> Void = {}

    package init(_ inner: any Inner) {
        self.inner = inner
    }

    package var wakeCount: Int { wakes.load(ordering: .relaxed) }

    package func forgetWaits() {
        waits = []
    }
}

extension RecordingDriver: LoopDriver {
    package var wakeDescriptor: Int32 {
        whenWakeDescriptorIsRead()
        return inner.wakeDescriptor
    }

    package func checkThread(_ operation: String) throws(EventLoopError) {
        try inner.checkThread(operation)
    }

    package func attach() throws(EventLoopError) {
        try inner.attach()
    }

    package func prepare() { inner.prepare() }

    package func poll(_ wait: LoopWait) throws(EventLoopError) {
        waits.append(wait)
        try inner.poll(wait)
    }

    package func flush() {
        inner.flush()
    }

    package func wake() {
        wakes.add(1, ordering: .relaxed)
        inner.wake()
    }

    package func close() throws(EventLoopError) {
        try inner.close()
    }
}
