#if DEBUG
    import EventLoops
    import Kernel
    import ProactorLoop
    import Uring

    /// Makes a loop's operations fail or transfer less: those of its ring, or the system calls of its thread.
    ///
    /// A loop on a ring has its own plan. With a selector loop, the faults also affect the test's system calls on the
    /// same thread, so it must use its blocking peers on other threads. Loop thread only.
    struct LoopFaults {
        enum Operation {
            case accept, connect, receive, send, sendMessage, receiveDatagrams, sendDatagrams
            /// The loop's wait in the kernel.
            case wait
        }

        enum Fault {
            /// The operation is not performed and fails with this error.
            case refuse(Errno)
            /// The operation transfers at most this number of bytes, or of datagrams.
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
        /// - Parameter number: Which one of them fails, counted from 1; nil for all.
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
        /// The corresponding operation of a ring; nil for the wait, which is not an operation.
        private var kind: OperationKind? {
            switch self {
            case .accept: .acceptMultishot
            case .connect: .connect
            case .receive: .receiveMultishot
            case .send: .send
            case .sendMessage: .sendMessage
            case .receiveDatagrams: .receiveMessageMultishot
            case .sendDatagrams, .wait: nil
            }
        }

        /// The corresponding system calls of a selector loop; for the wait, alternatives.
        private var calls: [SystemCallName] {
            switch self {
            case .accept: [.accept]
            case .connect: [.connect]
            case .receive: [.receive]
            case .send: [.send]
            case .sendMessage: [.sendMessage]
            case .receiveDatagrams: [.receiveMessages]
            case .sendDatagrams: [.sendMessages]
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
