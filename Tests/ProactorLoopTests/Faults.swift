#if DEBUG
    import EventLoops
    import Kernel
    import Uring
    @testable import ProactorLoop

    extension ProactorEventLoop {
        /// A plan of what shall go wrong on this loop's ring; nothing yet.
        ///
        /// What a spoilt success brought along is released.
        func planFaults() -> FaultPlan {
            let plan = FaultPlan()
            plan.returnBuffer = { [weak driver] piece in driver?.takeBack(piece) }
            driver.ring.faults = plan
            return plan
        }

        /// Whether the kernel is taken for one that forgets ends, or is one.
        var looksForForgottenEnds: Bool {
            driver.port.kernelForgetsEnds
        }
    }

    extension ProactorDriver {
        fileprivate func takeBack(_ piece: UInt16) {
            _ = port.pool.lend(piece)
            port.pool.takeBack(piece)
        }
    }

    /// Counts the completions of operations that do nothing.
    final class NopCounter: CompletionTarget {
        private(set) var completions = 0
        private(set) var failures = 0

        override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
            completions += 1
            if result != 0 { failures += 1 }
        }

        /// Queues so many, at once.
        func queue(_ count: Int, on loop: ProactorEventLoop) {
            for _ in 0..<count { _ = loop.driver.ring.nop(for: self) }
        }
    }
#endif
