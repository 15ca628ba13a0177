/// A future that completes when others do: the result of `gather`.
///
/// The children reference this future, but not vice versa, so that it is released together with children that are
/// released while pending.
package final class GatheringFuture<Output>: Future<Output>, @unchecked Sendable {
    /// The closures that cancel the children; nil for a child that has ended.
    private var cancels: [((String?) -> CancelAnswer)?] = []

    /// The number of children that have not ended.
    private var left = 0
    private let failsFast: Bool
    private let collect: () throws -> Output
    /// Whether cancellation was requested, and the message.
    private var cancelRequest: String??

    /// Makes a future without children.
    ///
    /// - Parameters:
    ///   - core: The loop.
    ///   - failsFast: Whether the first error settles the future.
    ///   - collect: Makes the result, once all children have ended.
    init(core: LoopCore, failsFast: Bool, _ collect: @escaping () throws -> Output) {
        self.failsFast = failsFast
        self.collect = collect
        super.init(core: core)
    }

    /// Adds a child and keeps its outcome.
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

    /// Completes the future if all children have ended.
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
        // No child is left that could complete this future.
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

/// The result of requesting the cancellation of a child.
private enum CancelAnswer {
    case asked, done, gone
}
