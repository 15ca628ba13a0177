import Synchronization

extension LoopCore {
    /// Runs synchronous code on the loop's thread and returns its result.
    ///
    /// - Parameters:
    ///   - operation: The operation's name in errors.
    ///   - body: The code; it runs even if the calling task is cancelled.
    /// - Throws: What the code throws; ``EventLoopError`` with `.closed` if the loop closes before it runs the code.
    /// - Thread: Any task.
    func call<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        if queue.isTurning, !isClosed { return try body() }
        let result: Result<Value, any Error> = await withUnsafeContinuation { continuation in
            let reply = Reply(continuation, else: postRefusal(operation))
            // If the loop refuses the callback or drops it, the reply is released.
            _ = post(at: nil) { reply.answer(Result { try body() }) }
        }
        return try result.get()
    }
}

/// Resumes a task with a result; if released without one, with an error.
private final class Reply<Value: Sendable>: Sendable {
    private let continuation: UnsafeContinuation<Result<Value, any Error>, Never>
    private let failure: EventLoopError
    private let isAnswered = Atomic(false)

    init(_ continuation: UnsafeContinuation<Result<Value, any Error>, Never>, else failure: EventLoopError) {
        self.continuation = continuation
        self.failure = failure
    }

    deinit {
        answer(.failure(failure))
    }

    func answer(_ result: Result<Value, any Error>) {
        if !isAnswered.exchange(true, ordering: .relaxed) { continuation.resume(returning: result) }
    }
}
