package import Kernel

/// A task's wait for an ``AwaitedOperation``; the object can be used for further waits, one after the other.
///
/// It contains what all operations have in common: which tasks may wait, how a task's cancellation reaches the
/// operation, what happens when the loop closes, and what happens to a result that the task does not receive.
package final class OperationWait: WaitLink, WaitingPlace, @unchecked Sendable {
    /// The value with which the suspended task is resumed.
    private enum Ending {
        case finished(Int)
        case failed(Errno)
        case cancelled, misplaced
        /// The task is not one of the loop's own, so it needs a cancellation handler.
        case needsHandler
    }

    private enum StopReason {
        case taskCancelled, loopCloses
        /// The owner no longer needs the operation.
        case ended
    }

    private let queue: WorkQueue
    /// The operation, while it is in flight.
    private var operation: (any AwaitedOperation)?
    private var continuation: UnsafeContinuation<Ending, Never>?
    /// The scope of the task that waited last: usually the same task waits again.
    ///
    /// Owned but unmanaged, because a strong reference in a variable would be retained for each call.
    private var lastScope: Unmanaged<CancellationScope>?
    /// Whether the waiting task is the one with ``lastScope``.
    private var isInScope = false
    /// The task that a waiting child task belongs to, for descriptions.
    private var taskOfChild: (any LoopTaskProtocol)?
    private var stopReason: StopReason?
    /// The number of the wait: a request to cancel an earlier one is ignored.
    private var number: UInt64 = 0
    /// The error of the last operation, if it failed for any other reason than its cancellation.
    private var failure: Errno?

    package init(queue: WorkQueue) {
        self.queue = queue
        super.init()
    }

    deinit {
        lastScope?.release()
    }

    /// Whether the operation has started and not ended.
    package var isInFlight: Bool {
        operation != nil
    }

    /// A description of the waiting task, for ``PendingOperation``.
    package var ownerText: String {
        let scope = isInScope ? lastScope : nil
        let task: (any LoopTaskProtocol)? = scope.flatMap { $0._withUnsafeGuaranteedRef(\.owner) } ?? taskOfChild
        return task.map { "\($0)" } ?? "a task"
    }

    // MARK: Waiting

    /// Runs the operation and returns its result.
    ///
    /// - Parameters:
    ///   - operation: The operation to wait for.
    ///   - name: The operation's name in errors.
    /// - Returns: The kernel's result: a descriptor, a count of bytes, or zero.
    /// - Throws: `Errno` if the operation failed. `CancellationError` if the task was cancelled, in which case a result
    ///   that arrives nevertheless is abandoned. ``EventLoopError``: `.closed` if the loop is closed or closing;
    ///   `.wrongThread` if the task is, or would continue, on another thread; `.forkedChild` in a forked child.
    package func value(of operation: any AwaitedOperation, _ name: StaticString) async throws -> Int {
        switch await outcome(of: operation) {
        case .finished(let value): return value
        case .failed(let errno): throw errno
        case .cancelled: throw CancellationError()
        case .finishedFirst(let value):
            operation.abandon(value)
            throw CancellationError()
        case .closed: throw EventLoopError.closed("\(name)")
        case .misplaced: throw queue.refusal("\(name)")
        }
    }

    /// Runs the operation and returns how it ended.
    ///
    /// For operations whose result is useful to the caller even after cancellation; others use ``value(of:_:)``.
    package func outcome(of operation: any AwaitedOperation) async -> OperationOutcome {
        var ending = await withUnsafeContinuation { begin(operation, $0) }
        if case .needsHandler = ending { ending = await endingWithHandler(operation) }
        return queue.isTurning ? outcome(ending, operation) : outcomeElsewhere(ending, operation)
    }

    /// Starts the operation if its task is one of the loop's own, which are cancelled through their scope.
    private func begin(_ operation: any AwaitedOperation, _ continuation: UnsafeContinuation<Ending, Never>) {
        guard mayStart else { return continuation.resume(returning: .misplaced) }
        // Even a wait that does not begin must not keep the error of an earlier one.
        failure = nil
        let address = TaskAddress.of(continuation)
        guard let scope = scope(of: address) else { return continuation.resume(returning: .needsHandler) }
        if TaskAddress.isCancelled(address) { return continuation.resume(returning: .cancelled) }
        isInScope = true
        run(operation, continuation, scope)
    }

    /// The scope of the calling task, whose address is given; nil if it has none.
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

    /// Waits in a task that the loop does not know, with a cancellation handler.
    @inline(never)
    private func endingWithHandler(
        _ operation: any AwaitedOperation, isolation: isolated (any Actor)? = #isolation
    ) async -> Ending {
        let number = queue.isTurning ? number &+ 1 : 0
        return await withTaskCancellationHandler {
            // This needs the caller's isolation: in an actor pinned to the loop, it would otherwise leave the thread.
            _ = isolation
            guard mayStart, queue.isReturnedTo(from: isolation) else { return .misplaced }
            // If the task was already cancelled, its handler has run by now.
            if Task.isCancelled { return .cancelled }
            taskOfChild = queue.runningTask
            return await withUnsafeContinuation { run(operation, $0, nil) }
        } onCancel: {
            queue.performOnLoop { self.cancel(number) }
        }
    }

    private var mayStart: Bool {
        queue.isTurning && !queue.isInForkedChild
    }

    private func run(
        _ operation: any AwaitedOperation, _ continuation: UnsafeContinuation<Ending, Never>,
        _ scope: Unmanaged<CancellationScope>?
    ) {
        number &+= 1
        stopReason = nil
        scope?._withUnsafeGuaranteedRef { $0.waitsIn(self, number) }
        self.operation = operation
        self.continuation = continuation
        join(queue.waits)
        operation.start()
    }

    // MARK: Ending

    /// Ends the wait with the operation's result, and resumes the task.
    ///
    /// Called by the driver, on the loop's thread.
    ///
    /// - Returns: False if the wait had already ended, in which case the caller still owns the result.
    @discardableResult
    package func finish(_ result: Result<Int, Errno>) -> Bool {
        guard let continuation = continuation.take() else { return false }
        leave(queue.waits)
        isInScope = false
        if taskOfChild != nil { taskOfChild = nil }
        operation = nil
        switch result {
        case .success(let value): continuation.resume(returning: .finished(value))
        case .failure(let errno):
            if errno != .canceled { failure = errno }
            continuation.resume(returning: .failed(errno))
        }
        return true
    }

    /// Takes the error of the last operation, if it failed for any other reason than its cancellation.
    package func takeFailure() -> Errno? {
        failure.take()
    }

    func cancel(_ number: UInt64) {
        if number == self.number { stop(.taskCancelled) }
    }

    /// Requests that the operation end early, because its owner no longer needs it.
    ///
    /// Its task gets the result if the operation finishes first, and otherwise the error `.canceled`.
    package func end() {
        stop(.ended)
    }

    package override func loopCloses() {
        stop(.loopCloses)
    }

    private func stop(_ reason: StopReason) {
        guard let operation, stopReason == nil else { return }
        stopReason = reason
        operation.requestCancel()
    }

    /// The outcome for a task that has continued on the loop's thread.
    private func outcome(_ ending: Ending, _ operation: any AwaitedOperation) -> OperationOutcome {
        switch ending {
        case .misplaced, .needsHandler: return .misplaced
        case .cancelled: return .cancelled
        case .finished(let value):
            if Task.isCancelled { return .finishedFirst(value) }
            if stopReason != .loopCloses { return .finished(value) }
            operation.abandon(value)
            return .closed
        case .failed(let errno):
            if Task.isCancelled { return .cancelled }
            return stopReason == .loopCloses ? .closed : .failed(errno)
        }
    }

    /// The outcome for a task that is not on the loop's thread: the loop has closed, or the task continued elsewhere.
    @inline(never)
    private func outcomeElsewhere(_ ending: Ending, _ operation: any AwaitedOperation) -> OperationOutcome {
        if case .finished(let value) = ending {
            operation.saveResult(value)
            queue.performOnLoop { operation.abandon(value) }
        }
        if Task.isCancelled { return .cancelled }
        return queue.isClosed ? .closed : .misplaced
    }
}
