#if DEBUG
    import CUring
    import Glibc
    package import Kernel

    /// What shall go wrong with a ring, for tests: short transfers, lost multishots, errors; debug builds only.
    ///
    ///     let plan = FaultPlan()
    ///     plan.inject(.clamp(1), into: .send)                       // every send sends one byte
    ///     plan.inject(.refuse(.tooManyOpenFiles), into: .accept, .number(2))
    ///     plan.failEnter(with: .interrupted, .number(1))
    ///     ring.faults = plan
    package final class FaultPlan {
        /// One thing that can go wrong with an operation.
        package enum Fault: Sendable {
            /// The kernel is asked for this many bytes at most: a real short transfer; a multishot ends with it.
            case clamp(Int)
            /// A receive waits for readiness without trying first: what comes between the kernel's first try and its
            /// wait is there before the wait then, always.
            case pollFirst
            /// A multishot operation ends after its first completion.
            case singleShot
            /// The kernel never sees the operation, and its only completion is the error. Nothing is lost by it: what a
            /// receive would have received is still there.
            case refuse(Errno)
            /// The kernel does the operation once, and a success is turned into the error. What the success produced is
            /// released through the hooks, and bytes it received are lost, as they are with a broken connection.
            case rewrite(Errno)
        }

        /// Which operations, or calls, from now on.
        package enum Occurrence: Sendable {
            /// All of them.
            case every
            /// One of them; the next is number 1.
            case number(Int)
        }

        /// Closes a descriptor that a rewritten accept produced.
        package var closeDescriptor: (Int32) -> Void = { _ = close($0) }
        /// Takes back a buffer that a rewritten receive used.
        package var returnBuffer: (UInt16) -> Void = { _ in }
        /// How often a fault has struck.
        package private(set) var strikes = 0

        private var rules: [Rule] = []
        private var enterRules: [(occurrence: Occurrence, errno: Errno, seen: Int)] = []
        private var verdicts: [UInt64: [Verdict]] = [:]
        private var clampedMessages: [ClampedMessage] = []

        /// A plan by which nothing goes wrong yet.
        package init() {}

        /// Plans a fault for operations of a kind that are queued from now on.
        package func inject(_ fault: Fault, into kind: OperationKind, _ occurrence: Occurrence = .every) {
            rules.append(Rule(kind: kind, fault: fault, occurrence: occurrence))
        }

        /// Plans an answer of io_uring_enter, in place of the call.
        package func failEnter(with errno: Errno, _ occurrence: Occurrence = .every) {
            enterRules.append((occurrence, errno, 0))
        }

        /// Forgets every rule.
        ///
        /// Operations that are in flight keep their fate.
        package func reset() {
            rules = []
            enterRules = []
        }
    }

    extension FaultPlan {
        private struct Rule {
            let kind: OperationKind
            let fault: Fault
            let occurrence: Occurrence
            var seen = 0
        }

        /// What becomes of an operation's one completion.
        private struct Verdict {
            let kind: OperationKind
            let errno: Errno
            let isRefusal: Bool
        }

        /// Whether the thing just seen, the `seen`th since the rule was made, is meant by it.
        private static func strikes(_ occurrence: Occurrence, _ seen: Int) -> Bool {
            switch occurrence {
            case .every: true
            case .number(let number): number == seen
            }
        }
    }

    /// What the ring tells the plan.
    extension FaultPlan {
        /// An entry was filled and can still be changed.
        func queued(_ kind: OperationKind, _ entry: UnsafeMutablePointer<io_uring_sqe>) {
            for index in rules.indices where rules[index].kind == kind {
                rules[index].seen += 1
                guard Self.strikes(rules[index].occurrence, rules[index].seen) else { continue }
                strikes += 1
                strike(kind, rules[index].fault, entry)
            }
        }

        /// The kernel is about to be entered; an answer here is the kernel's.
        func nextEnter() -> Errno? {
            var answer: Errno?
            for index in enterRules.indices {
                enterRules[index].seen += 1
                guard Self.strikes(enterRules[index].occurrence, enterRules[index].seen) else { continue }
                strikes += 1
                answer = enterRules[index].errno
            }
            return answer
        }

        /// A completion was reaped; the answer is what the caller sees of it.
        func completed(_ tag: UInt64, _ result: Int32, _ flags: UInt32) -> (Int32, UInt32) {
            guard let verdict = verdicts[tag]?.first else { return (result, flags) }
            verdicts[tag]?.removeFirst()
            if verdicts[tag]?.isEmpty == true { verdicts[tag] = nil }
            guard verdict.isRefusal || result >= 0 else { return (result, flags) }
            if verdict.kind.traits.makesDescriptor, !verdict.isRefusal { closeDescriptor(result) }
            if flags & IORING_CQE_F_BUFFER != 0 { returnBuffer(UInt16(truncatingIfNeeded: flags >> 16)) }
            return (-verdict.errno.rawValue, flags & ~(0xffff_0000 | IORING_CQE_F_BUFFER | IORING_CQE_F_MORE))
        }

        private func strike(_ kind: OperationKind, _ fault: Fault, _ entry: UnsafeMutablePointer<io_uring_sqe>) {
            switch fault {
            case .clamp(let limit):
                if kind == .sendMessage { clampMessage(entry, limit) } else { cu_clamp(entry, UInt32(limit)) }
            case .pollFirst:
                cu_make_poll_first(entry)
            case .singleShot:
                cu_make_single_shot(entry)
            case .refuse(let errno):
                pass(Verdict(kind: kind, errno: errno, isRefusal: true), on: entry)
                io_uring_prep_nop(entry)
            case .rewrite(let errno):
                // Single, so that the one completion that is rewritten is the last one too.
                cu_make_single_shot(entry)
                pass(Verdict(kind: kind, errno: errno, isRefusal: false), on: entry)
            }
        }

        /// Remembers a verdict by the tag; operations of one tag are judged in the order in which they complete.
        private func pass(_ verdict: Verdict, on entry: UnsafeMutablePointer<io_uring_sqe>) {
            verdicts[entry.pointee.user_data, default: []].append(verdict)
        }

        /// Points the entry at a shorter copy of its message; the caller's own stays as it is.
        private func clampMessage(_ entry: UnsafeMutablePointer<io_uring_sqe>, _ limit: Int) {
            guard let message = UnsafePointer<msghdr>(bitPattern: UInt(entry.pointee.addr)) else { return }
            let clamped = ClampedMessage(message.pointee, limit: limit)
            clampedMessages.append(clamped)
            entry.pointee.addr = UInt64(UInt(bitPattern: clamped.message))
        }
    }

    /// A copy of a message and its vector that ends after so many bytes.
    ///
    /// Lives as long as the plan.
    private final class ClampedMessage {
        let message: UnsafeMutablePointer<msghdr>

        init(_ original: msghdr, limit: Int) {
            message = .allocate(capacity: 1)
            message.initialize(to: original)
            let vector = UnsafeMutablePointer<iovec>.allocate(capacity: max(Int(original.msg_iovlen), 1))
            var remaining = limit
            for index in 0..<Int(original.msg_iovlen) {
                var piece = original.msg_iov[index]
                piece.iov_len = min(piece.iov_len, remaining)
                remaining -= piece.iov_len
                (vector + index).initialize(to: piece)
            }
            message.pointee.msg_iov = vector
        }

        deinit {
            message.pointee.msg_iov.deallocate()
            message.deallocate()
        }
    }
#endif
