import Synchronization

/// Where a task of the loop may wait.
protocol WaitingPlace: AnyObject {
    /// Ends the wait of this number, if it goes on.
    func cancel(_ number: UInt64)
}

/// What a loop knows of a task whose body runs: who it is, where it waits, and that it is to be cancelled.
///
/// A cancellation handler around each wait costs more than the wait itself, and one around the whole body nearly as
/// much as the rest of a task. So there is none: a task of the loop is cancelled through its scope, which marks what
/// Swift runs as cancelled and ends the wait; a task has at most one place where it waits. Child tasks, which can be
/// cancelled on their own, do not count as the task.
final class CancellationScope: TaskLink, @unchecked Sendable {
    /// What is bound: a structure, because the runtime copies and destroys a plain optional by way of generic code.
    private struct Binding: Sendable {
        var scope: CancellationScope?
    }

    @TaskLocal private static var current = Binding()

    private let queue: WorkQueue
    /// What Swift runs, as an address that is only compared.
    private var address: UInt?
    private var place: (any WaitingPlace)?
    private var number: UInt64 = 0
    /// What users know as the task instead, while its body runs, if it is a part of another one.
    private var whole: (any EndableTask)?
    private let requests = Mutex(CancelRequests())

    init(queue: WorkQueue) {
        self.queue = queue
    }

    /// The body will run as a part of another task's.
    func isPart(of whole: any EndableTask) {
        self.whole = whole
    }

    // MARK: Life

    /// Makes what Swift runs, which inherits the scope, and its children from it.
    ///
    /// Cheaper than to bind the scope around the body, which would be one async function more.
    func bound(_ make: () -> TaskJob) -> TaskJob {
        Self.$current.withValue(Binding(scope: self), operation: make)
    }

    /// Notes what Swift will run.
    func willBeRun(by job: TaskJob) {
        address = TaskAddress.of(job)
        requests.withLock { $0.job = job }
    }

    /// Notes what Swift runs already.
    func isRun(by job: TaskJob) {
        let wasCancelled = requests.withLock { requests in
            requests.job = job
            return requests.isCancelled
        }
        // By itself, so far, when there was no job to be told.
        if wasCancelled { endWait(of: job) }
    }

    /// The body is about to run, in the calling task; false if that was cancelled before.
    func bodyBegins() -> Bool {
        // An eager one begins before anybody has noted what runs it.
        if address == nil { address = TaskAddress.ofCurrentTask() }
        return !requests.withLock { $0.isCancelled }
    }

    func bodyEnds() {
        address = nil
        if place != nil { place = nil }
        if whole != nil { whole = nil }
    }

    /// Runs a body that belongs to no task of a loop, though one of them made the task it runs in.
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
            // A wait that is over is not in the list any more: its number is never used again.
            place?.cancel(number)
            place = nil
        }
    }

    /// What was asked for so far.
    var cancelRequests: CancelRequests {
        requests.withLock { $0 }
    }

    /// Takes one request back; returns how many are left.
    func uncancel() -> Int {
        requests.withLock { requests in
            requests.count = max(0, requests.count - 1)
            return requests.count
        }
    }

    // MARK: Finding

    /// What users know as the task that runs here, be it by a child of that task.
    static func owner(on queue: WorkQueue) -> (any EndableTask)? {
        guard queue.isTurning, let scope = current.scope, scope.queue === queue else { return nil }
        return scope.owner
    }

    /// Whether the body is that of the task with this address: not one of its children, which inherit the value.
    ///
    /// Cheaper than to ask the task for its scope. On the loop's thread only, as all that waits: who suspends a task
    /// has checked that.
    @inline(__always)
    func isOf(_ address: UInt) -> Bool {
        self.address == address
    }

    /// The scope whose body is the calling task itself, which has this address.
    static func find(_ address: UInt) -> CancellationScope? {
        guard let scope = current.scope, scope.queue.isTurning else { return nil }
        return scope.address == address ? scope : nil
    }

    func waitsIn(_ place: any WaitingPlace, _ number: UInt64) {
        // Mostly the same place as last time: looking is cheaper than storing a reference.
        if self.place !== place { self.place = place }
        self.number = number
    }

    /// The wait in this place has ended: the place need not stay alive for it.
    func waitIsOver(in place: any WaitingPlace) {
        if self.place === place { self.place = nil }
    }

    /// The task as users know it.
    var owner: (any EndableTask)? {
        whole ?? task
    }
}

/// What of a task other threads may touch, too.
struct CancelRequests {
    /// What Swift runs; nil before it has begun.
    var job: TaskJob?
    /// Swift's mark, which stays when requests are taken back.
    var isCancelled = false
    var count = 0
    var message: String?
}
