internal import EventLoops
internal import Kernel
internal import ProactorLoop
internal import SelectorLoop

/// Which kind of loop is made where the program does not say: io_uring where it works, else epoll.
package enum BackendChoice {
    private static let denied = Locked<EventLoopError?>(nil)

    /// Makes a loop of the best kind that works here.
    ///
    /// What decides is the making of a real ring and the trial of it. If the system as a whole denies it, that is found
    /// out once a process; if just this ring could not be made, the next loop's is tried again.
    ///
    /// - Parameter makeProactor: Makes the loop that is wanted most; tests let it fail.
    package static func automatic(
        _ makeProactor: () throws(EventLoopError) -> ProactorEventLoop = { () throws(EventLoopError) in
            try ProactorEventLoop()
        }
    ) throws(EventLoopError) -> any AbstractEventLoop {
        if let denial = denied.value { return try selectorLoop(insteadOf: denial) }
        do throws(EventLoopError) {
            let loop = try makeProactor()
            loop.core.backendReason = BackendReason("io_uring works here: a ring was made and tried")
            return loop
        } catch {
            if isForGood(error) { denied.value = error }
            // Before anything else: a program that runs slower than it could shall not do so in silence.
            Log.write(.info, "falling back to epoll, because io_uring is denied: \(error)")
            return try selectorLoop(insteadOf: error)
        }
    }

    private static func selectorLoop(insteadOf denial: EventLoopError) throws(EventLoopError) -> SelectorEventLoop {
        let loop = try SelectorEventLoop()
        loop.core.backendReason = BackendReason("io_uring is denied: \(denial)", denial: denial)
        return loop
    }

    /// Whether trying again would have the same answer: not so where something had run out, or the machine was slow.
    private static func isForGood(_ error: EventLoopError) -> Bool {
        switch error.errno {
        case .notPermitted, .noFunction, .permissionDenied, .invalidArgument: true
        default: false
        }
    }

    /// Forgets what was found out, for tests.
    package static func forget() {
        denied.value = nil
    }
}
