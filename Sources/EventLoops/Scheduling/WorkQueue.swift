internal import CLinux
import Synchronization

/// What the loop has to run, and whose thread may say so directly.
///
/// On the loop's thread an entry goes straight to the ready queue; from any other thread it goes through the inbox.
package final class WorkQueue: @unchecked Sendable {
    /// The thread that runs the loop, ran it last, or used it first: no other may touch it.
    ///
    /// Until somebody has used it, the thread that made it, with a mark.
    private let owner: Atomic<UInt>
    /// A bit that no thread's number has: nobody has used the loop yet, so that it may be made on one thread and set
    /// to work on another.
    private static let unclaimed: UInt = 1
    /// The thread that has the loop in hand at this moment, to run or to close it; 0 if none has.
    ///
    /// The loop goes from one thread to another by an exchange of this one, of which only one of several can succeed.
    /// What may be called from any thread must ask for this one: the owner of a loop that does not run may be about to
    /// lose it to another thread.
    private let runner = Atomic<UInt>(0)
    private let runs = Atomic(false)
    /// The process that made the loop, by a number that differs in forked children.
    private let process = cl_process_generation()
    private let ready = ReadyQueue()
    package let inbox = Inbox()
    /// Where tasks wait for events of the loop.
    let waits = WaitRegistry()

    package init() {
        owner = Atomic(cl_thread_self() | Self.unclaimed)
    }

    // MARK: Threads

    package var isOnLoopThread: Bool {
        isOwned(by: cl_thread_self())
    }

    @inline(__always)
    static var callingThread: UInt {
        cl_thread_self()
    }

    /// As ``isOnLoopThread``, for who asks for its thread first: a call after the queue was fetched costs a retain.
    @inline(__always)
    func isOwned(by thread: UInt) -> Bool {
        let owner = owner.load(ordering: .relaxed)
        return owner == thread || owner == thread | Self.unclaimed
    }

    /// Whether this is a copy of the loop, in a child of the process that made it.
    ///
    /// The kernel's half is not copied but shared: whatever a child did to it would happen to its parent.
    package var isInForkedChild: Bool {
        process != cl_process_generation()
    }

    /// Why a caller may not touch the loop.
    package func refusal(_ operation: String) -> EventLoopError {
        isInForkedChild ? .forkedChild(operation) : .wrongThread(operation)
    }

    package var isRunning: Bool {
        get { runs.load(ordering: .relaxed) }
        set { runs.store(newValue, ordering: .relaxed) }
    }

    /// Takes the loop in hand for the calling thread, to run or to close it; false if a thread has it in hand already.
    ///
    /// What the thread did that had it before is done for this one.
    func takeInHand() -> Bool {
        runner.compareExchange(expected: 0, desired: cl_thread_self(), ordering: .acquiringAndReleasing).exchanged
    }

    /// Makes the calling thread, which has the loop in hand, the one that may touch it when nobody has.
    func handOver() {
        owner.store(cl_thread_self(), ordering: .relaxed)
    }

    /// The loop is in nobody's hand any more.
    func letGo() {
        runner.store(0, ordering: .releasing)
    }

    /// Whether the calling thread turns the loop at this moment, or is about to.
    package var isTurning: Bool {
        runner.load(ordering: .relaxed) == cl_thread_self()
    }

    /// Whether the caller may touch the loop: the thread that has it in hand, or its owner if none has.
    ///
    /// A loop that nobody has used yet is the caller's from now on. What is left of a closed loop is anybody's: its
    /// tasks end on a thread for orphans.
    package func admitsCurrentThread() -> Bool {
        if isInForkedChild { return false }
        let running = runner.load(ordering: .relaxed)
        if running != 0 { return running == cl_thread_self() }
        claim()
        return isOnLoopThread || isClosed
    }

    /// As ``admitsCurrentThread()``, for looks and settings, which do not count as use.
    package var showsItselfToCurrentThread: Bool {
        if isInForkedChild { return false }
        return runner.load(ordering: .relaxed) == 0 ? isOnLoopThread || isClosed : isTurning
    }

    /// Makes the calling thread the owner if it is the first that uses the loop.
    private func claim() {
        let owner = owner.load(ordering: .relaxed)
        guard owner & Self.unclaimed != 0 else { return }
        _ = self.owner.compareExchange(
            expected: owner, desired: cl_thread_self(), successOrdering: .acquiringAndReleasing,
            failureOrdering: .acquiring)
    }

    // MARK: Entries

    package var readyCount: Int {
        ready.count
    }

    /// Adds a handle to the end of the queue.
    ///
    /// Loop thread only.
    @inline(never)
    package func append(_ handle: Handle) {
        // Nobody turns the loop, so what its owner added before may have gone to the inbox: it comes first.
        if runner.load(ordering: .relaxed) == 0 { drainInbox() }
        ready.append(.handle(.passRetained(handle)))
    }

    /// Adds the rest of a task that gives way.
    ///
    /// Loop thread only.
    package func append(yielded continuation: UnsafeContinuation<Void, Never>) {
        ready.append(.yielded(continuation))
    }

    /// Adds a due timer, whose reference the caller owns.
    ///
    /// Loop thread only.
    package func append(owned timer: Unmanaged<TimerHandle>) {
        ready.append(.handle(.fromOpaque(timer.toOpaque())))
    }

    /// Adds a job, from any thread.
    package func enqueue(_ entry: ReadyEntry) {
        if isTurning, !isClosed {
            if isCatching { caught = entry } else { ready.append(entry) }
        } else if !inbox.post(entry) {
            OrphanedJobs.run(entry)
        }
    }

    /// Adds a callback from any thread; nil if the loop is closed.
    @discardableResult
    func post(at place: SourcePlace? = nil, _ callback: @escaping () throws -> Void) -> Handle? {
        let handle = PostedHandle(at: place, callback)
        return inbox.post(handle) ? handle : nil
    }

    /// Runs `body` at once on the thread that turns the loop, else hands it over.
    ///
    /// It runs in any case, if need be where the jobs of closed loops run: tasks wait for it.
    package func performOnLoop(_ body: @escaping @Sendable () -> Void) {
        if isTurning { return body() }
        // Who waits there waits in the parent, too, and is cancelled there.
        if isInForkedChild { return }
        let request = ReadyEntry.request(.passRetained(Handle(body)))
        if !inbox.post(request) { OrphanedJobs.run(request) }
    }

    /// Resumes a task that gave way, and returns its job instead of adding it: it is that task's turn already.
    package func takeJob(of continuation: UnsafeContinuation<Void, Never>) -> ReadyEntry? {
        isCatching = true
        continuation.resume()
        isCatching = false
        defer { caught = nil }
        return caught
    }

    package func next() -> ReadyEntry? {
        ready.popFirst()
    }

    package func drainInbox() {
        inbox.drain(ready.append)
    }

    private var isCatching = false
    private var caught: ReadyEntry?

    // MARK: Closing

    private let closed = Atomic(false)

    /// Whether the loop is closed, and the calling thread runs what its tasks and actors have yet to do.
    package var isEndingOnCurrentThread: Bool {
        isClosed && OrphanedJobs.areRunByCurrentThread
    }

    package var isClosed: Bool {
        closed.load(ordering: .relaxed)
    }

    /// Ends every wait: nothing happens on this loop any more.
    package func endWaits() {
        waits.endAll()
    }

    /// Ends every wait for the next element of a sequence.
    func endSequenceWaits() {
        waits.endSequences()
    }

    /// Takes no more; what is still queued is dropped, but for jobs, which are run so that their tasks can end.
    package func close() {
        inbox.close()
        closed.store(true, ordering: .relaxed)
        inbox.drain(ready.append)
        while let entry = ready.popFirst() {
            if case .handle = entry { entry.discard() } else { OrphanedJobs.run(entry) }
        }
    }
}
