/// Holds what the loop has to run.
///
/// On the thread that turns the loop, an entry goes straight to the ready queue; from any other thread, it goes through
/// the inbox.
package final class WorkQueue: @unchecked Sendable {
    let ownership = LoopOwnership()
    private let ready = ReadyQueue()
    package let inbox = Inbox()
    /// Where tasks wait for events of the loop.
    let waits = WaitRegistry()

    package init() {}

    // MARK: Ownership, for the modules above

    /// See ``LoopOwnership``.
    package var isTurning: Bool { ownership.isTurning }
    package var allowsInspection: Bool { ownership.allowsInspection }
    package var isRunning: Bool { ownership.isRunning }
    package var isClosed: Bool { ownership.isClosed }
    package var isInForkedChild: Bool { ownership.isInForkedChild }

    package func refusal(_ operation: String) -> EventLoopError {
        ownership.refusal(operation)
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
        // While no thread is running the loop, earlier entries from its owner may be in the inbox: they go first.
        if !ownership.isHeld { drainInbox() }
        ready.append(.handle(.passRetained(handle)))
    }

    /// Adds the continuation of a task that yields its turn.
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

    /// Runs `body` at once if the calling thread turns the loop; otherwise hands it over to the thread that does.
    ///
    /// Tasks depend on `body`, so if the loop closes first, it runs on the thread for orphaned jobs.
    package func performOnLoop(_ body: @escaping @Sendable () -> Void) {
        if isTurning { body() } else { performLater(body) }
    }

    /// Like ``performOnLoop(_:)``, but never at once: this may be called while another loop runs on the same thread.
    func performLater(_ body: @escaping @Sendable () -> Void) {
        // The task that depends on `body` is waiting in the parent, and is cancelled there.
        if isInForkedChild { return }
        let request = ReadyEntry.request(.passRetained(Handle(body)))
        if !inbox.post(request) { OrphanedJobs.run(request) }
    }

    /// Resumes a task that yielded, and returns its job instead of queueing it: the job has already waited for its
    /// turn.
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

    /// Ends every wait, because no further event will occur on this loop.
    package func endWaits() {
        waits.endAll()
    }

    /// Ends every wait for the next element of a sequence.
    func endSequenceWaits() {
        waits.endSequences()
    }

    /// Refuses further entries.
    ///
    /// Queued callbacks are dropped; jobs are run elsewhere, so that their tasks can end.
    package func close() {
        inbox.close()
        ownership.close()
        inbox.drain(ready.append)
        while let entry = ready.popFirst() {
            if case .handle = entry { entry.discard() } else { OrphanedJobs.run(entry) }
        }
    }
}
