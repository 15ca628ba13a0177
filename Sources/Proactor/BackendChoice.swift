internal import EventLoops
internal import Kernel
internal import ProactorLoop
internal import SelectorLoop

/// Chooses the kind of loop if the program does not choose one: io_uring if it works, otherwise epoll.
package enum BackendChoice {
    private static let denied = Locked<EventLoopError?>(nil)

    /// Makes a loop of the best kind that works on this system.
    ///
    /// The choice is made by creating and testing a real ring. If the system denies io_uring, the process remembers
    /// this; after any other failure, the next call tries again.
    ///
    /// - Parameter makeProactor: Makes the preferred loop; tests make it fail.
    package static func automatic(
        _ makeProactor: () throws(EventLoopError) -> ProactorEventLoop = { () throws(EventLoopError) in
            try ProactorEventLoop()
        }
    ) throws(EventLoopError) -> any AbstractEventLoop {
        if let denial = denied.value { return try selectorLoop(insteadOf: denial) }
        do throws(EventLoopError) {
            let loop = try makeProactor()
            loop.core.backendReason = BackendReason("io_uring works here: a ring was created and tested")
            return loop
        } catch {
            if isForGood(error) { denied.value = error }
            // Log this first: if a program runs slower than it could, the log must at least say why.
            Log.write(.info, "falling back to epoll, because io_uring is denied: \(error)")
            return try selectorLoop(insteadOf: error)
        }
    }

    private static func selectorLoop(insteadOf denial: EventLoopError) throws(EventLoopError) -> SelectorEventLoop {
        let loop = try SelectorEventLoop()
        loop.core.backendReason = BackendReason("io_uring is denied: \(denial)", denial: denial)
        return loop
    }

    /// Whether the error is permanent, unlike an exhausted resource or a timeout, after which a retry may succeed.
    private static func isForGood(_ error: EventLoopError) -> Bool {
        switch error.errno {
        case .notPermitted, .noFunction, .permissionDenied, .invalidArgument: true
        default: false
        }
    }

    /// Forgets a remembered denial, for tests.
    package static func forget() {
        denied.value = nil
    }
}
