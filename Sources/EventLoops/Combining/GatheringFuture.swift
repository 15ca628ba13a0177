/// A future that is done when others are: what `gather` returns.
///
/// A follower is held by those that it follows and not the other way, so that futures which are dropped while they are
/// pending take it along.
package final class GatheringFuture<Output>: Future<Output>, @unchecked Sendable {
    /// How one of those that are followed is cancelled; nil once it has ended.
    private var cancels: [((String?) -> CancelAnswer)?] = []

    /// How many have not ended.
    private var left = 0
    private let failsFast: Bool
    private let collect: () throws -> Output
    /// Whether the future was asked to end, and what was said.
    private var cancelRequest: String??

    /// Makes a future that follows nothing yet.
    ///
    /// - Parameters:
    ///   - core: The loop.
    ///   - failsFast: Whether the first error settles it.
    ///   - collect: Makes the result, once all have ended.
    init(core: LoopCore, failsFast: Bool, _ collect: @escaping () throws -> Output) {
        self.failsFast = failsFast
        self.collect = collect
        super.init(core: core)
    }

    /// Follows a future, and lets its outcome be kept.
    func follow<Value>(_ future: Future<Value>, _ keep: @escaping (Result<Value, any Error>) -> Void) {
        let index = cancels.count
        left += 1
        cancels.append { [weak future] message in
            guard let future else { return .gone }
            return future.cancel(message: message) ? .asked : .done
        }
        future.addDoneCallback { future in
            let outcome = Result { try future.result() }
            keep(outcome)
            self.cancels[index] = nil
            self.left -= 1
            self.oneEnded(outcome.map { _ in })
        }
    }

    private func oneEnded(_ outcome: Result<Void, any Error>) {
        guard !isDone else { return }
        if failsFast, case .failure(let error) = outcome {
            let wasRequested = cancelRequest != nil && error is CancellationError
            return finishTask(.failure(error), wasCancelled: wasRequested, message: cancelRequest ?? nil)
        }
        endIfAllHave()
    }

    /// Has a result if nothing is left to wait for.
    func endIfAllHave() {
        guard left == 0, !isDone else { return }
        if let cancelRequest {
            endCancelled(cancelRequest)
        } else {
            finishTask(Result(catching: collect), wasCancelled: false)
        }
    }

    @discardableResult
    package override func cancel(message: String? = nil) -> Bool {
        guard core.queue.ownership.allowsUse() else { return super.cancel(message: message) }
        guard !isDone else { return false }
        let answers = cancels.compactMap { $0?(message) }
        // Nobody is left who could end it.
        if answers.contains(.gone) {
            endCancelled(message)
            return true
        }
        guard answers.contains(.asked) else { return false }
        cancelRequest = .some(message)
        return true
    }

    package override func cancelByWaiter() async {
        cancel(message: nil)
        await waitUncancelled()
        endCancelled(nil)
    }

    private func endCancelled(_ message: String?) {
        finishTask(.failure(CancellationError()), wasCancelled: true, message: message)
    }
}

/// What came of asking one of the followed futures to end.
private enum CancelAnswer {
    case asked, done, gone
}
