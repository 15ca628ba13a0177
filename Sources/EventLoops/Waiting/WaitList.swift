/// A list of the tasks that are waiting for one particular event of a loop.
///
/// Loop thread only. A cancellation from another thread is handed over to the loop's thread.
package final class WaitList: WaitLink, WaitingPlace, @unchecked Sendable {
    /// How a wait ended.
    package enum Outcome {
        case happened
        case cancelled
        /// The task would continue, or has continued, on another thread, where it must not use the loop.
        ///
        /// Happens in a `Task.immediate` that does not prefer the loop, and in an actor that other threads use.
        case misplaced
        /// The task is not one of the loop's own, so it needs a cancellation handler.
        case needsHandler
    }

    private typealias Continuation = UnsafeContinuation<Outcome, Never>

    private struct Waiter {
        let number: UInt64
        let continuation: Continuation
    }

    /// All waiters but the first.
    private final class Crowd {
        var members: [Waiter] = []
    }

    private let queue: WorkQueue
    private let waits: WaitRegistry
    /// The first waiter, stored separately so that the usual case, a single waiter, needs no array.
    private var first: Continuation?
    private var firstNumber: UInt64 = 0
    private var others: Crowd?
    private var lastNumber: UInt64 = 0
    /// The value of ``lastNumber`` at the latest event: waits up to this number are over.
    private var resumedThrough: UInt64 = 0
    /// The scope of the task that waited last: usually the same task waits again.
    ///
    /// Owned but unmanaged, because a strong reference in a variable would be retained for each call.
    private var lastScope: Unmanaged<CancellationScope>?
    /// Whether the waiters want the next element of a sequence.
    ///
    /// At any one time, this is the same for all waiters.
    private var servesSequence = false

    package init(queue: WorkQueue) {
        self.queue = queue
        waits = queue.waits
        super.init()
    }

    deinit {
        lastScope?.release()
    }

    package var isEmpty: Bool {
        first == nil
    }

    /// Suspends the calling task until the event has happened or the task is cancelled.
    ///
    /// - Parameter inSequence: Whether the end of all sequences also counts as the event.
    @inline(__always)
    package func wait(inSequence: Bool = false) async -> Outcome {
        lastNumber &+= 1
        servesSequence = inSequence
        let number = lastNumber
        var outcome = await withUnsafeContinuation { beginWait($0, number) }
        if outcome == .needsHandler { outcome = await waitWithHandler(number) }
        return queue.isTurning ? outcome : elsewhere(outcome)
    }

    /// Like ``wait(inSequence:)``, for callers that continue only if the event has happened.
    ///
    /// - Parameter operation: The operation's name in errors.
    /// - Throws: `CancellationError` if the task is cancelled or the loop closes. ``EventLoopError``: `.wrongThread`
    ///   (in a forked child, `.forkedChild`) if the task would continue, or has continued, on another thread.
    @inline(__always)
    package func waitOrThrow(_ operation: StaticString, inSequence: Bool = false) async throws {
        let outcome = await wait(inSequence: inSequence)
        if outcome != .happened { throw failure(outcome, operation) }
    }

    @inline(never)
    private func failure(_ outcome: Outcome, _ operation: StaticString) -> any Error {
        outcome == .cancelled ? CancellationError() : queue.refusal("\(operation)")
    }

    /// The outcome for a task that is not on the loop's thread: tasks of a closed loop may run on any thread.
    @inline(never)
    private func elsewhere(_ outcome: Outcome) -> Outcome {
        queue.isClosed ? outcome : .misplaced
    }

    /// Suspends the task if it is one of the loop's own, which are cancelled through their scope.
    private func beginWait(_ continuation: Continuation, _ number: UInt64) {
        let address = TaskAddress.of(continuation)
        guard let scope = scope(of: address) else { return continuation.resume(returning: .needsHandler) }
        if TaskAddress.isCancelled(address) { return continuation.resume(returning: .cancelled) }
        scope._withUnsafeGuaranteedRef { $0.waitsIn(self, number) }
        park(continuation, number)
    }

    /// The scope of the calling task, whose address is given; nil if it has none.
    ///
    /// The list keeps the scope alive until another task waits here.
    @inline(__always)
    private func scope(of address: UInt) -> Unmanaged<CancellationScope>? {
        if let lastScope, lastScope._withUnsafeGuaranteedRef({ $0.isOf(address) }) { return lastScope }
        return rememberScope(of: address)
    }

    @inline(never)
    private func rememberScope(of address: UInt) -> Unmanaged<CancellationScope>? {
        guard let scope = CancellationScope.find(address) else { return nil }
        let former = lastScope
        lastScope = .passRetained(scope)
        former?.release()
        return lastScope
    }

    /// Suspends the calling task until the event has happened or the loop closes, even if the task is cancelled.
    ///
    /// Must not be called on a closed loop, where nothing would end the wait.
    package func waitUncancelled() async {
        lastNumber &+= 1
        let number = lastNumber
        _ = await withUnsafeContinuation { park($0, number) }
    }

    @inline(never)
    private func waitWithHandler(
        _ number: UInt64, isolation: isolated (any Actor)? = #isolation
    ) async -> Outcome {
        await withTaskCancellationHandler {
            // This needs the caller's isolation: in an actor pinned to the loop, it would otherwise leave the thread.
            _ = isolation
            if let outcome = outcomeByNow(number, isolation) { return outcome }
            return await withUnsafeContinuation { park($0, number) }
        } onCancel: {
            queue.performOnLoop { self.cancel(number) }
        }
    }

    /// The outcome of a wait that need not suspend; nil if it must.
    private func outcomeByNow(_ number: UInt64, _ isolation: (any Actor)?) -> Outcome? {
        guard queue.isTurning else { return queue.isClosed ? .cancelled : .misplaced }
        guard queue.isReturnedTo(from: isolation) else { return .misplaced }
        // If the task was already cancelled, its handler has run by now.
        if Task.isCancelled { return .cancelled }
        return number <= resumedThrough ? .happened : nil
    }

    private func park(_ continuation: Continuation, _ number: UInt64) {
        if first == nil {
            first = continuation
            firstNumber = number
            return join(waits)
        }
        let crowd = others ?? Crowd()
        others = crowd
        crowd.members.append(Waiter(number: number, continuation: continuation))
    }

    /// Resumes every waiting task because the event has happened, in the order in which they began to wait.
    package func resumeAll() {
        resumeAll(with: .happened)
    }

    package override func loopCloses() {
        resumeAll(with: .cancelled)
    }

    package override func sequencesEnd() {
        if servesSequence { resumeAll() }
    }

    @inline(__always)
    private func resumeAll(with outcome: Outcome) {
        resumedThrough = lastNumber
        guard let continuation = first else { return }
        first = nil
        leave(waits)
        continuation.resume(returning: outcome)
        guard let crowd = others else { return }
        others = nil
        for waiter in crowd.members { waiter.continuation.resume(returning: outcome) }
    }

    func cancel(_ number: UInt64) {
        if let continuation = first, firstNumber == number {
            let next = others?.members.first
            first = next?.continuation
            firstNumber = next?.number ?? 0
            if next == nil { leave(waits) } else { others?.members.removeFirst() }
            continuation.resume(returning: .cancelled)
        } else if let index = others?.members.firstIndex(where: { $0.number == number }) {
            others?.members.remove(at: index).continuation.resume(returning: .cancelled)
        }
    }
}
