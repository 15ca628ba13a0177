/// A task of any result, as `currentTask()` and `allTasks` of a loop give it.
///
/// To be used on the task's loop's thread; cancelling may come from any.
///
/// asyncio: `asyncio.Task`, whatever its result.
public protocol LoopTaskProtocol: AnyObject, Sendable {
    /// The task's name, for people.
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
    /// How many requests to cancel the task are pending.
    ///
    /// asyncio: `cancelling()`.
    var cancelling: Int { get }
    /// Asks the task to end.
    ///
    /// - Parameter message: Why, for people.
    /// - Returns: False if the task is done. asyncio: `cancel(msg)`.
    @discardableResult func cancel(message: String?) -> Bool
    /// Waits until the task has ended, whatever came of it.
    ///
    /// Returns at once if it has. Cancelling the caller does not end the wait: cancel the task that is waited for. A
    /// task that waits for itself waits for ever.
    ///
    /// asyncio: `await asyncio.wait([task])`.
    func ended() async
    /// Takes one request to cancel the task back from the count.
    ///
    /// - Returns: How many are left. asyncio: `uncancel()`.
    @discardableResult func uncancel() -> Int
}

extension LoopTaskProtocol {
    /// Asks the task to end, without a word on why.
    ///
    ///     for task in loop.allTasks { task.cancel() }
    ///
    /// - Returns: False if the task is done. asyncio: `cancel()`.
    @discardableResult
    public func cancel() -> Bool {
        cancel(message: nil)
    }
}

/// What the loop keeps of each task.
package protocol EndableTask: LoopTaskProtocol {
    /// Whether the task runs a part of another one, which stands for both.
    var isPart: Bool { get }
    /// The error with which the task has ended, unless that is being cancelled; it counts as seen then.
    var failure: (any Error)? { get }
    /// What Swift runs; nil before it has begun.
    var job: TaskJob? { get }
    /// How the task is called in warnings.
    var label: TaskLabel { get }
}
