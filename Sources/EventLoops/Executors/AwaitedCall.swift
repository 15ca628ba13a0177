internal import Kernel

/// Work on another thread, and the task that is suspended until the work is done.
///
/// It is settled once: by the work, by cancellation, or by an executor that refuses or drops the job. It may be used on
/// any thread.
final class AwaitedCall<Value: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(UnsafeContinuation<Value, any Error>)
        case settled(Result<Value, any Error>)
    }

    private let work: PendingWork<Value>
    private let lock = Lock()
    private nonisolated(unsafe) var state = State.running

    init(_ work: @escaping PendingWork<Value>.Work) {
        self.work = PendingWork(work)
    }

    /// Runs the work, unless it was cancelled.
    func run() {
        guard let work = work.take() else { return }
        settle(Result { try work() })
    }

    /// Drops work that has not begun, and ends the wait for work that has.
    func callOff(_ error: any Error) {
        work.drop()
        settle(.failure(error))
    }

    /// Suspends the calling task until there is an outcome or it is cancelled.
    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { park($0) }
        } onCancel: {
            callOff(CancellationError())
        }
    }

    private func park(_ continuation: UnsafeContinuation<Value, any Error>) {
        let outcome = lock.withLock { () -> Result<Value, any Error>? in
            if case .settled(let result) = state { return result }
            state = .awaited(continuation)
            return nil
        }
        if let outcome { continuation.resume(with: outcome) }
    }

    /// Records the outcome; only the first one counts.
    private func settle(_ result: Result<Value, any Error>) {
        let waiter = lock.withLock { () -> UnsafeContinuation<Value, any Error>? in
            switch state {
            case .settled: return nil
            case .running:
                state = .settled(result)
                return nil
            case .awaited(let continuation):
                state = .settled(result)
                return continuation
            }
        }
        waiter?.resume(with: result)
    }
}
