/// Where a task of the loop may wait.
protocol WaitingPlace: AnyObject {
    /// Ends the wait of this number, if it goes on.
    func cancel(_ number: UInt64)
}

/// One cancellation handler for the whole life of a task of the loop.
///
/// A handler around each wait costs more than the wait itself. So the loop's tasks install one when they begin, and
/// note where they wait; a task has at most one such place. Child tasks, which can be cancelled on their own, do not
/// count as the task.
final class CancellationScope: @unchecked Sendable {
    @TaskLocal private static var current: CancellationScope?

    private let queue: WorkQueue
    /// The task, as an address that is only compared.
    private var task: UInt?
    private var place: (any WaitingPlace)?
    private var number: UInt64 = 0
    /// What users know as the task, while its body runs.
    private var owner: AnyObject?

    private init(queue: WorkQueue, owner: AnyObject) {
        self.queue = queue
        self.owner = owner
    }

    /// Runs a task's whole body within a scope of its own.
    static func run(on queue: WorkQueue, for owner: AnyObject, _ body: () async -> Void) async {
        let scope = CancellationScope(queue: queue, owner: owner)
        scope.task = currentTask()
        await withTaskCancellationHandler {
            await $current.withValue(scope) { await body() }
        } onCancel: {
            queue.performOnLoop { scope.cancel() }
        }
        scope.task = nil
        scope.place = nil
        scope.owner = nil
    }

    /// Runs a body that belongs to no task of a loop, though one of them made the task it runs in.
    static func outside(_ body: () async -> Void) async {
        await $current.withValue(nil) { await body() }
    }

    /// What users know as the task that runs here, be it by a child of that task.
    static func owner(on queue: WorkQueue) -> AnyObject? {
        guard queue.isTurning, let scope = current, scope.queue === queue else { return nil }
        return scope.owner
    }

    /// The scope whose body is the calling task itself: not one of its children, which inherit the value but not the
    /// handler.
    ///
    /// On a thread other than the loop's, which only callers can rule out who have asked already, `likely` must be nil.
    ///
    /// - Parameter likely: The scope to look at first, which is cheaper than to ask the task for its own.
    static func ofCurrentTask(likely: CancellationScope?) -> CancellationScope? {
        let task = currentTask()
        if let likely, likely.task == task { return likely }
        guard let scope = current, scope.queue.isOnLoopThread else { return nil }
        return scope.task == task ? scope : nil
    }

    private static func currentTask() -> UInt? {
        withUnsafeCurrentTask { task in task.map { unsafeBitCast($0, to: UInt.self) } }
    }

    func waitsIn(_ place: any WaitingPlace, _ number: UInt64) {
        // Mostly the same place as last time: looking is cheaper than storing a reference.
        if self.place !== place { self.place = place }
        self.number = number
    }

    private func cancel() {
        // A wait that is over is not in the list any more: its number is never used again.
        place?.cancel(number)
        place = nil
    }
}
