internal import Glibc
internal import Kernel
internal import Synchronization
package import Testing

/// A gate between threads: it is opened once and stays open.
package final class Gate: Sendable {
    private let state = Atomic(false)

    package init() {}

    package var isOpen: Bool {
        state.load(ordering: .acquiring)
    }

    package func open() {
        state.store(true, ordering: .releasing)
    }

    /// Blocks the calling thread until the gate is open.
    ///
    /// Records an issue and returns if it stays closed for a minute.
    package func wait(sourceLocation: SourceLocation = #_sourceLocation) {
        let deadline = MonotonicClock.now() + 60_000_000_000
        while !isOpen {
            if MonotonicClock.now() > deadline {
                Issue.record("the gate was never opened", sourceLocation: sourceLocation)
                return
            }
            usleep(200)
        }
    }
}
