import Glibc
import Kernel

/// An operation of the self-test, which keeps its completions until a step takes them.
final class SelfTestOperation: CompletionTarget {
    typealias Completion = (result: Int32, flags: CompletionFlags)

    private let ring: Ring
    private let step: String
    private var completions: [Completion] = []
    var tag: UInt64 = ReservedTag.ignored

    init(_ ring: Ring, _ step: String) {
        self.ring = ring
        self.step = step
    }

    override func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        completions.append((result, flags))
    }

    /// Waits for a completion and removes the oldest one.
    func completion() throws(RingError) -> Completion {
        let deadline = MonotonicClock.now() + 2_000_000_000
        guard let completion = try completion(until: deadline) else { throw failure(ETIMEDOUT) }
        return completion
    }

    /// Like ``completion()``, but returns nil if none arrives before the deadline.
    func completion(until deadline: Int64) throws(RingError) -> Completion? {
        while completions.isEmpty {
            guard MonotonicClock.now() < deadline else { return nil }
            try ring.enter(.until(deadline))
            ring.dispatch()
        }
        return completions.removeFirst()
    }

    /// Cancels the operation and waits for its last completion, whose result differs between kernels.
    func cancel() throws(RingError) {
        ring.cancel(tag)
        while try completion().flags.hasMore {}
    }

    func failure(_ errno: Int32) -> RingError {
        RingError(operation: "self-test: \(step)", errno: Errno(rawValue: errno))
    }
}
