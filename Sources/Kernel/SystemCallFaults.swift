#if DEBUG
    /// Makes system calls of one thread fail or transfer fewer bytes, for tests; debug builds only.
    ///
    ///     let faults = SystemCallFaults()
    ///     faults.fail(.accept, with: .tooManyOpenFiles, .number(2))
    ///     faults.limit(.send, to: 1)          // every send sends one byte
    ///     faults.install()                    // on the thread that runs the loop
    ///     defer { faults.remove() }
    ///
    /// A call that fails this way is not made, so nothing is lost: an accept that failed can be repeated. Other threads
    /// are not affected.
    package final class SystemCallFaults {
        /// Which calls fail, counted from when the rule was added.
        package enum Occurrence: Sendable {
            case every
            /// A single call; the next one is number 1.
            case number(Int)

            fileprivate func includes(_ seen: Int) -> Bool {
                switch self {
                case .every: true
                case .number(let number): number == seen
                }
            }
        }

        private struct Rule<Effect> {
            let call: SystemCallName
            let effect: Effect
            let occurrence: Occurrence
            var seen = 0
        }

        private var failures: [Rule<Errno>] = []
        private var limits: [Rule<Int>] = []
        /// The number of calls that a rule has affected.
        package private(set) var strikes = 0

        package init() {}

        /// Makes calls fail with an error; each retry counts as a call.
        package func fail(_ call: SystemCallName, with errno: Errno, _ occurrence: Occurrence = .every) {
            failures.append(Rule(call: call, effect: errno, occurrence: occurrence))
        }

        /// Limits the number of bytes that ``SystemCallName/receive``, ``SystemCallName/send`` and
        /// ``SystemCallName/sendMessage`` transfer, and the number of messages that
        /// ``SystemCallName/receiveMessages`` and ``SystemCallName/sendMessages`` transfer.
        package func limit(_ call: SystemCallName, to bytes: Int, _ occurrence: Occurrence = .every) {
            limits.append(Rule(call: call, effect: bytes, occurrence: occurrence))
        }

        /// Applies the rules to the calls of the calling thread, instead of those installed before.
        package func install() {
            Self.set(self)
        }

        /// Stops applying the rules to the calling thread.
        package func remove() {
            if Self.current === self { Self.set(nil) }
        }

        private func next<Effect>(_ rules: inout [Rule<Effect>], _ call: SystemCallName) -> Effect? {
            var effect: Effect?
            for index in rules.indices where rules[index].call == call {
                rules[index].seen += 1
                if rules[index].occurrence.includes(rules[index].seen) { effect = rules[index].effect }
            }
            if effect != nil { strikes += 1 }
            return effect
        }
    }

    /// Queries made by the system calls of this module.
    extension SystemCallFaults {
        /// The error of the next call of this kind, which must then not be made; nil for none.
        static func failure(of call: SystemCallName) -> Errno? {
            guard call != .other, let current else { return nil }
            return current.next(&current.failures, call)
        }

        /// How many bytes the next call of this kind may transfer.
        static func limit(_ call: SystemCallName, _ bytes: Int) -> Int {
            guard let current, let limit = current.next(&current.limits, call) else { return bytes }
            return min(limit, bytes)
        }
    }

    /// The rules of each thread.
    extension SystemCallFaults {
        private static let installed = ThreadLocal { pointer in
            if let pointer { Unmanaged<SystemCallFaults>.fromOpaque(pointer).release() }
        }

        private static var current: SystemCallFaults? {
            installed.value.map { Unmanaged<SystemCallFaults>.fromOpaque($0).takeUnretainedValue() }
        }

        private static func set(_ faults: SystemCallFaults?) {
            let former = installed.value
            installed.value = faults.map { Unmanaged.passRetained($0).toOpaque() }
            if let former { Unmanaged<SystemCallFaults>.fromOpaque(former).release() }
        }
    }
#endif
