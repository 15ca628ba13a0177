import EventLoops
import Glibc
import Kernel
import ProactorLoop
import Synchronization
import Testing

/// The outcome of code that runs in a task that the loop neither owns nor cancels.
final class Outcome: Sendable, CustomStringConvertible {
    private let result = Mutex<Result<Void, any Error>?>(nil)

    /// Starts the code in an unstructured task that prefers the loop's thread.
    func note(_ body: @escaping @Sendable () async throws -> Void, on loop: () -> ProactorEventLoop) {
        Task(executorPreference: loop().taskExecutor) {
            do {
                try await body()
                self.result.withLock { $0 = .success(()) }
            } catch { self.result.withLock { $0 = .failure(error) } }
        }
    }

    /// Waits until the task has ended, and returns its error, if any.
    func wait(sourceLocation: SourceLocation = #_sourceLocation) -> (any Error)? {
        let deadline = MonotonicClock.now() + 10_000_000_000
        while MonotonicClock.now() < deadline {
            if let result = result.withLock({ $0 }) {
                if case .failure(let error) = result { return error }
                return nil
            }
            usleep(1_000)
        }
        Issue.record("the task never ended", sourceLocation: sourceLocation)
        return nil
    }

    var description: String {
        result.withLock { $0.map { "\($0)" } ?? "not ended" }
    }
}
