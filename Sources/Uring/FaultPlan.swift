#if DEBUG
    import CUring
    import Glibc
    package import Kernel

    /// Faults to inject into a ring in tests: short transfers, ended multishots, errors; debug builds only.
    ///
    ///     let plan = FaultPlan()
    ///     plan.inject(.clamp(1), into: .send)                       // every send sends one byte
    ///     plan.inject(.refuse(.tooManyOpenFiles), into: .acceptMultishot, .number(2))
    ///     plan.failEnter(with: .interrupted, .number(1))
    ///     ring.faults = plan
    package final class FaultPlan {
        /// A fault in one operation.
        package enum Fault: Sendable {
            /// The transfer is limited to this many bytes: a real short transfer. It ends a multishot operation.
            case clamp(Int)
            /// A receive waits for readiness without trying first. Data that would otherwise arrive between the
            /// kernel's first try and its wait then always arrives before the wait.
            case pollFirst
            /// A multishot operation ends after its first completion.
            case singleShot
            /// The kernel never sees the operation; its only completion is the error. No data is lost: a receive leaves
            /// its bytes in the socket.
            case refuse(Errno)
            /// The kernel performs the operation once, and a successful result is replaced by the error. The hooks
            /// release what the operation produced. Received bytes are lost, as with a broken connection.
            case rewrite(Errno)
        }

        /// Which of the subsequent operations or calls fail.
        package enum Occurrence: Sendable {
            /// All of them.
            case every
            /// A single one; the next one is number 1.
            case number(Int)
        }

        /// Closes the descriptor that a rewritten operation produced.
        package var closeDescriptor: (Int32) -> Void = { _ = close($0) }
        /// Returns the buffer that a rewritten receive used.
        package var returnBuffer: (UInt16) -> Void = { _ in }
        /// The number of faults injected so far.
        package private(set) var strikes = 0

        private var rules: [Rule] = []
        private var enterRules: [(occurrence: Occurrence, errno: Errno, seen: Int)] = []
        private var verdicts: [UInt64: [Verdict]] = [:]
        private var clampedMessages: [ClampedMessage] = []

        /// Makes a plan without faults.
        package init() {}

        /// Adds a fault for operations of a kind that are queued from now on.
        package func inject(_ fault: Fault, into kind: OperationKind, _ occurrence: Occurrence = .every) {
            rules.append(Rule(kind: kind, fault: fault, occurrence: occurrence))
        }

        /// Makes io_uring_enter fail with an error, without calling the kernel.
        package func failEnter(with errno: Errno, _ occurrence: Occurrence = .every) {
            enterRules.append((occurrence, errno, 0))
        }

        /// Removes all faults.
        ///
        /// Faults of operations in flight still take effect.
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

        /// The outcome planned for an operation's only completion.
        private struct Verdict {
            let kind: OperationKind
            let errno: Errno
            let isRefusal: Bool
        }

        /// Whether a rule applies to the `seen`th operation or call since it was made.
        private static func strikes(_ occurrence: Occurrence, _ seen: Int) -> Bool {
            switch occurrence {
            case .every: true
            case .number(let number): number == seen
            }
        }
    }

    /// Hooks that the ring calls.
    extension FaultPlan {
        /// Called when an entry has been filled; it may still be changed.
        func queued(_ kind: OperationKind, _ entry: UnsafeMutablePointer<io_uring_sqe>) {
            for index in rules.indices where rules[index].kind == kind {
                rules[index].seen += 1
                guard Self.strikes(rules[index].occurrence, rules[index].seen) else { continue }
                strikes += 1
                strike(kind, rules[index].fault, entry)
            }
        }

        /// Called when the ring is about to enter the kernel; a result other than nil replaces the call.
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

        /// Called when a completion has been read from the ring; returns the result and flags to deliver.
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
                // Single-shot, so that the rewritten completion is the last one.
                cu_make_single_shot(entry)
                pass(Verdict(kind: kind, errno: errno, isRefusal: false), on: entry)
            }
        }

        /// Records a verdict under the entry's tag; verdicts of the same tag apply in order of completion.
        private func pass(_ verdict: Verdict, on entry: UnsafeMutablePointer<io_uring_sqe>) {
            verdicts[entry.pointee.user_data, default: []].append(verdict)
        }

        /// Points the entry at a shortened copy of its message; the caller's message is unchanged.
        private func clampMessage(_ entry: UnsafeMutablePointer<io_uring_sqe>, _ limit: Int) {
            guard let message = UnsafePointer<msghdr>(bitPattern: UInt(entry.pointee.addr)) else { return }
            let clamped = ClampedMessage(message.pointee, limit: limit)
            clampedMessages.append(clamped)
            entry.pointee.addr = UInt64(UInt(bitPattern: clamped.message))
        }
    }

    /// A copy of a message and its vector, limited to a number of bytes.
    ///
    /// The plan keeps it alive.
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
