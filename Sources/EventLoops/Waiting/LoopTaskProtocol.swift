/// A task with any type of result, as returned by `currentTask()` and `allTasks`.
///
/// Loop thread only, except for cancelling.
///
/// asyncio: `asyncio.Task`, whatever its result.
public protocol LoopTaskProtocol: AnyObject, Sendable {
    /// The task's name, for humans.
    ///
    /// asyncio: `get_name`, `set_name`.
    var name: String { get set }
    /// Whether the task has ended.
    ///
    /// asyncio: `done()`.
    var isDone: Bool { get }
    /// Whether the task ended by being cancelled.
    ///
    /// asyncio: `cancelled()`.
    var isCancelled: Bool { get }
    /// The number of cancellation requests that have not been withdrawn.
    ///
    /// asyncio: `cancelling()`.
    var cancelling: Int { get }
    /// Requests cancellation.
    ///
    /// - Parameter message: The reason, for humans.
    /// - Returns: False if the task is done.
    ///
    /// asyncio: `cancel(msg)`.
    @discardableResult func cancel(message: String?) -> Bool
    /// Waits until the task has ended, whatever its outcome.
    ///
    /// Returns at once if it has. Cancelling the caller does not end the wait: cancel the awaited task instead. A task
    /// that awaits itself never ends.
    ///
    /// asyncio: `await asyncio.wait([task])`.
    func ended() async
    /// Withdraws one of the counted requests to cancel the task.
    ///
    /// - Returns: The number of requests left.
    ///
    /// asyncio: `uncancel()`.
    @discardableResult func uncancel() -> Int
}

extension LoopTaskProtocol {
    /// Requests cancellation, without a message.
    ///
    ///     for task in loop.allTasks { task.cancel() }
    ///
    /// - Returns: False if the task is done.
    ///
    /// asyncio: `cancel()`.
    @discardableResult
    public func cancel() -> Bool {
        cancel(message: nil)
    }
}

/// What the loop requires of each of its tasks.
package protocol EndableTask: LoopTaskProtocol {
    /// Whether the task runs as part of another task, which users see instead.
    var isPart: Bool { get }
    /// The error of a task that failed and was not cancelled.
    ///
    /// Reading it counts as retrieving the error.
    var failure: (any Error)? { get }
    /// The Swift task; nil before it exists.
    var job: TaskJob? { get }
    /// The task's name in warnings.
    var label: TaskLabel { get }
}
