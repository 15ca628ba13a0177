#if DEBUG
    import EventLoops
    import Kernel
    import ProactorLoop
    import Uring

    /// Makes a loop's operations fail or transfer less: those of its ring, or the system calls of its thread.
    ///
    /// A loop on a ring has a plan of its own. The selectors' loops share their thread's calls with the test, which
    /// must therefore use its blocking peers on other threads. Loop thread only.
    struct LoopFaults {
        enum Operation {
            case accept, connect, receive, send, sendMessage
            /// The wait for the kernel.
            case wait
        }

        enum Fault {
            /// The operation does not happen, and its error is this one.
            case refuse(Errno)
            /// The operation transfers this number of bytes at most.
            case limit(Int)
        }

        private enum Plan {
            case ring(ProactorEventLoop, FaultPlan)
            case thread(SystemCallFaults)
        }

        private let plan: Plan

        /// Makes a plan without faults and applies it to the loop until ``remove()``.
        init(_ loop: any AbstractEventLoop) {
            if let loop = loop as? ProactorEventLoop {
                let faults = FaultPlan()
                loop.driver.ring.faults = faults
                plan = .ring(loop, faults)
            } else {
                let faults = SystemCallFaults()
                faults.install()
                plan = .thread(faults)
            }
        }

        /// The number of operations that were affected.
        var strikes: Int {
            switch plan {
            case .ring(_, let faults): faults.strikes
            case .thread(let faults): faults.strikes
            }
        }

        /// Plans a fault for operations that start from now on.
        ///
        /// - Parameter number: Which one of them, from 1; nil for all.
        func inject(_ fault: Fault, into operation: Operation, _ number: Int? = nil) {
            switch plan {
            case .ring(_, let faults): operation.plan(fault, number, in: faults)
            case .thread(let faults): operation.plan(fault, number, in: faults)
            }
        }

        func remove() {
            switch plan {
            case .ring(let loop, _): loop.driver.ring.faults = nil
            case .thread(let faults): faults.remove()
            }
        }
    }

    extension LoopFaults.Operation {
        /// What a ring does for it; nil for the wait, which is no operation.
        private var kind: OperationKind? {
            switch self {
            case .accept: .acceptMultishot
            case .connect: .connect
            case .receive: .receiveMultishot
            case .send: .send
            case .sendMessage: .sendMessage
            case .wait: nil
            }
        }

        /// What a selector's loop calls for it; one of several for the wait.
        private var calls: [SystemCallName] {
            switch self {
            case .accept: [.accept]
            case .connect: [.connect]
            case .receive: [.receive]
            case .send: [.send]
            case .sendMessage: [.sendMessage]
            case .wait: [.epollWait, .poll, .select]
            }
        }

        fileprivate func plan(_ fault: LoopFaults.Fault, _ number: Int?, in plan: FaultPlan) {
            let occurrence = number.map { FaultPlan.Occurrence.number($0) } ?? .every
            switch (fault, kind) {
            case (.refuse(let errno), let kind?): plan.inject(.refuse(errno), into: kind, occurrence)
            case (.limit(let bytes), let kind?): plan.inject(.clamp(bytes), into: kind, occurrence)
            case (.refuse(let errno), nil): plan.failEnter(with: errno, occurrence)
            case (.limit, nil): preconditionFailure("a wait transfers nothing")
            }
        }

        fileprivate func plan(_ fault: LoopFaults.Fault, _ number: Int?, in faults: SystemCallFaults) {
            let occurrence = number.map { SystemCallFaults.Occurrence.number($0) } ?? .every
            for call in calls {
                switch fault {
                case .refuse(let errno): faults.fail(call, with: errno, occurrence)
                case .limit(let bytes): faults.limit(call, to: bytes, occurrence)
                }
            }
        }
    }
#endif
