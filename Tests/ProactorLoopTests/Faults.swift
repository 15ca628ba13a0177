#if DEBUG
    import EventLoops
    import Kernel
    import Uring
    @testable import ProactorLoop

    extension ProactorEventLoop {
        /// Attaches an empty fault plan to this loop's ring.
        ///
        /// Receive buffers of completions that the plan rewrites are returned.
        func planFaults() -> FaultPlan {
            let plan = FaultPlan()
            plan.returnBuffer = { [weak driver] piece in driver?.takeBack(piece) }
            driver.ring.faults = plan
            return plan
        }

        /// Whether the loop checks for ends that the kernel did not report.
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

    /// Counts the completions of no-ops.
    final class NopCounter: CompletionTarget {
        private(set) var completions = 0
        private(set) var failures = 0

        override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
            completions += 1
            if result != 0 { failures += 1 }
        }

        /// Queues this number of no-ops at once.
        func queue(_ count: Int, on loop: ProactorEventLoop) {
            for _ in 0..<count { _ = loop.driver.ring.nop(for: self) }
        }
    }
#endif
