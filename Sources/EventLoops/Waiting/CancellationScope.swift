import Synchronization

/// A place where a task of the loop may wait.
protocol WaitingPlace: AnyObject {
    /// Ends the wait with this number, unless that wait is already over.
    func cancel(_ number: UInt64)
}

/// What a loop knows about a running task: its identity, where it waits, and whether it is to be cancelled.
///
/// A cancellation handler around each wait costs more than the wait, and one around the body nearly as much as the rest
/// of a task. Tasks of the loop therefore have none: a task is cancelled through its scope, which cancels the Swift
/// task and ends its wait. A task waits in at most one place. Child tasks can be cancelled on their own, so they do not
/// count as the task.
final class CancellationScope: TaskLink, @unchecked Sendable {
    /// The value bound to the task-local variable.
    ///
    /// It is a structure, because the runtime copies and destroys a plain optional with generic code.
    private struct Binding: Sendable {
        var scope: CancellationScope?
    }

    @TaskLocal private static var current = Binding()

    private let queue: WorkQueue
    /// The address of the Swift task, used only for comparison.
    private var address: UInt?
    private var place: (any WaitingPlace)?
    private var number: UInt64 = 0
    /// The task that users see instead while the body runs; nil if this task is not part of another one.
    private var whole: (any EndableTask)?
    private let requests = Mutex(CancelRequests())

    init(queue: WorkQueue) {
        self.queue = queue
    }

    /// Makes the body run as part of another task.
    func isPart(of whole: any EndableTask) {
        self.whole = whole
    }

    // MARK: Life

    /// Makes the Swift task, which inherits the scope, as do its children.
    ///
    /// Cheaper than binding the scope around the body, which would take one more async function.
    func bound(_ make: () -> TaskJob) -> TaskJob {
        Self.$current.withValue(Binding(scope: self), operation: make)
    }

    /// Records the Swift task, which has not started to run.
    func willBeRun(by job: TaskJob) {
        address = TaskAddress.of(job)
        requests.withLock { $0.job = job }
    }

    /// Records the Swift task, which has started to run.
    func isRun(by job: TaskJob) {
        let wasCancelled = requests.withLock { requests in
            requests.job = job
            return requests.isCancelled
        }
        // The task was cancelled before there was a job to cancel.
        if wasCancelled { endWait(of: job) }
    }

    /// Called by the task before its body runs; returns false if the task is cancelled.
    func bodyBegins() -> Bool {
        // An eager task begins before its job is recorded.
        if address == nil { address = TaskAddress.ofCurrentTask() }
        return !requests.withLock { $0.isCancelled }
    }

    func bodyEnds() {
        address = nil
        if place != nil { place = nil }
        if whole != nil { whole = nil }
    }

    /// Runs a body that belongs to no task of a loop, although the task in which it runs inherits a scope.
    static func outside(_ body: () async -> Void) async {
        await $current.withValue(Binding()) { await body() }
    }

    // MARK: Cancelling

    /// Cancels the task, from any thread.
    func cancel(message: String?) {
        let job = requests.withLock { requests in
            requests.count += 1
            requests.isCancelled = true
            requests.message = message
            return requests.job
        }
        if let job { endWait(of: job) }
    }

    private func endWait(of job: TaskJob) {
        job.cancel()
        queue.performOnLoop { [self] in
            // A wait that is over is not found: its number is never used again.
            place?.cancel(number)
            place = nil
        }
    }

    /// The requests so far.
    var cancelRequests: CancelRequests {
        requests.withLock { $0 }
    }

    /// Withdraws one request; returns how many are left.
    func uncancel() -> Int {
        requests.withLock { requests in
            requests.count = max(0, requests.count - 1)
            return requests.count
        }
    }

    // MARK: Finding

    /// The task, as seen by users, to which the running code belongs; child tasks belong to the task that created them.
    static func owner(on queue: WorkQueue) -> (any EndableTask)? {
        guard queue.isTurning, let scope = current.scope, scope.queue === queue else { return nil }
        return scope.owner
    }

    /// Whether the body belongs to the task with this address, and not to a child task, which inherits the scope.
    ///
    /// Cheaper than looking up the task's scope. Loop thread only; callers that suspend a task have already checked
    /// this.
    @inline(__always)
    func isOf(_ address: UInt) -> Bool {
        self.address == address
    }

    /// The scope of the calling task, which has this address; nil if the task has none of its own.
    static func find(_ address: UInt) -> CancellationScope? {
        guard let scope = current.scope, scope.queue.isTurning else { return nil }
        return scope.address == address ? scope : nil
    }

    func waitsIn(_ place: any WaitingPlace, _ number: UInt64) {
        // Usually the same place as last time: comparing is cheaper than storing a reference.
        if self.place !== place { self.place = place }
        self.number = number
    }

    /// The task as seen by users.
    var owner: (any EndableTask)? {
        whole ?? task
    }
}

/// The part of a task's state that other threads may access.
struct CancelRequests {
    /// The Swift task; nil before it exists.
    var job: TaskJob?
    /// Swift's cancellation flag, which remains set when requests are withdrawn.
    var isCancelled = false
    var count = 0
    var message: String?
}
