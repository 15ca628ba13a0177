extension AbstractEventLoop {
    /// Waits for several futures at once.
    ///
    /// The first error fails the returned future at once; the other futures continue. Cancelling the returned future
    /// cancels all futures that are not done, and it completes when they have ended. A future that is cancelled in any
    /// other way counts as failed with `CancellationError`.
    ///
    ///     let pages = try await loop.gather([fetch(first), fetch(second)]).value
    ///
    /// Python's `await gather(…)` is `try await gather(…).value` here.
    ///
    /// - Parameter futures: Futures and tasks of this loop; duplicates are allowed.
    /// - Returns: A future of the results, in the order of the argument; an empty array for no futures. If a future
    ///   belongs to another loop, it has already failed with ``EventLoopError/Code/wrongLoop``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `gather(*futures)`.
    public func gather<Value>(_ futures: [Future<Value>]) -> Future<[Value]> {
        core.gather(futures, failsFast: true) { results in try results.map { try $0.get() } }
    }

    /// Runs async closures as tasks, and waits for all of them at once.
    ///
    /// - Parameter bodies: The code of each task.
    /// - Returns: Same as ``gather(_:)-([Future<Value>])``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `gather(*coroutines)`.
    public func gather<Value>(_ bodies: [() async throws -> Value]) -> Future<[Value]> {
        gather(bodies.map { core.createTask(name: nil, plain: $0) as Future<Value> })
    }

    /// Waits for several futures of different types at once.
    ///
    ///     let (user, orders) = try await loop.gather(findUser, findOrders).value
    ///
    /// - Parameter futures: Futures and tasks of this loop.
    /// - Returns: Same as ``gather(_:)-([Future<Value>])``; the result is a tuple.
    /// - Thread: The loop's.
    ///
    /// asyncio: `gather(a, b, …)`.
    public func gather<each Value>(_ futures: repeat Future<each Value>) -> Future<(repeat each Value)> {
        let slots = (repeat GatheredSlot<each Value>())
        let all = GatheringFuture(core: core, failsFast: true) { (repeat try (each slots).result.get()) }
        do throws(EventLoopError) {
            for future in repeat each futures { try core.checkOwn(future, "gather") }
            for (slot, future) in repeat (each slots, each futures) { all.follow(future) { slot.result = $0 } }
            all.endIfAllHave()
        } catch { all.finishTask(.failure(error), wasCancelled: false) }
        return all
    }

    /// Waits for several futures at once, and returns errors as values.
    ///
    /// - Parameter futures: Futures and tasks of this loop; duplicates are allowed.
    /// - Returns: A future of all outcomes, in the order of the argument; the outcome of a cancelled future is
    ///   `CancellationError`. The returned future fails only if it is cancelled itself (after all have ended), or if a
    ///   future belongs to another loop.
    /// - Thread: The loop's.
    ///
    /// asyncio: `gather(*futures, return_exceptions=True)`.
    public func gatherResults<Value>(_ futures: [Future<Value>]) -> Future<[Result<Value, any Error>]> {
        core.gather(futures, failsFast: false) { $0 }
    }
}

/// Keeps the outcome of one future until all are done.
private final class GatheredSlot<Value> {
    var result: Result<Value, any Error> = .failure(CancellationError())
}

extension LoopCore {
    fileprivate func gather<Value, Output>(
        _ futures: [Future<Value>], failsFast: Bool,
        _ collect: @escaping ([Result<Value, any Error>]) throws -> Output
    ) -> Future<Output> {
        let slots = futures.map { _ in GatheredSlot<Value>() }
        let all = GatheringFuture(core: self, failsFast: failsFast) { try collect(slots.map(\.result)) }
        do throws(EventLoopError) {
            for future in futures { try checkOwn(future, "gather") }
            for (slot, future) in zip(slots, futures) { all.follow(future) { slot.result = $0 } }
            all.endIfAllHave()
        } catch { all.finishTask(.failure(error), wasCancelled: false) }
        return all
    }

    /// Throws unless this loop can follow the future.
    func checkOwn<Value>(_ future: Future<Value>, _ operation: String) throws(EventLoopError) {
        try check(operation)
        guard future.core === self else {
            throw EventLoopError(.wrongLoop, operation, detail: "The future belongs to a different loop")
        }
    }
}
