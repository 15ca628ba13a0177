internal import EventLoops
internal import Kernel
package import Testing

/// A second thread, started at once, that a test can wait for.
package final class HelperThread: Sendable {
    private let hasEnded = Gate()

    package init(_ body: @escaping @Sendable () -> Void) {
        let failure = DetachedThread.start(name: "helper") { [hasEnded] in
            body()
            hasEnded.open()
        }
        precondition(failure == 0, "cannot start a thread for a test")
    }

    package func join(sourceLocation: SourceLocation = #_sourceLocation) {
        hasEnded.wait(sourceLocation: sourceLocation)
    }
}
