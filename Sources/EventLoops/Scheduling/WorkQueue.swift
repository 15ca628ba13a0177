internal import CLinux
import Synchronization

/// What the loop has to run, and whose thread may say so directly.
///
/// On the loop's thread an entry goes straight to the ready queue; from any other thread it goes through the inbox.
package final class WorkQueue: @unchecked Sendable {
    /// The thread that runs the loop, ran it last, or made it.
    private let owner: Atomic<UInt>
    private let runs = Atomic(false)
    private let ready = ReadyQueue()
    private var spare: [ReadyEntry] = []
    package let inbox = Inbox()

    package init() {
        owner = Atomic(cl_thread_self())
    }

    // MARK: Threads

    package var isOnLoopThread: Bool {
        owner.load(ordering: .relaxed) == cl_thread_self()
    }

    package var isRunning: Bool {
        get { runs.load(ordering: .relaxed) }
        set { runs.store(newValue, ordering: .relaxed) }
    }

    /// Whether the caller may touch the loop. A loop that does not run is adopted by the thread that asks, as asyncio allows
    /// a loop to be made on one thread and run on another.
    package func admitsCurrentThread() -> Bool {
        if isOnLoopThread { return true }
        if isRunning { return false }
        owner.store(cl_thread_self(), ordering: .relaxed)
        return true
    }

    // MARK: Entries

    package var readyCount: Int {
        ready.count
    }

    /// Adds a handle to the end of the queue. Loop thread only.
    package func append(_ handle: Handle) {
        ready.append(.handle(.passRetained(handle)))
    }

    /// Adds a due timer, whose reference the caller owns. Loop thread only.
    package func append(owned timer: Unmanaged<TimerHandle>) {
        ready.append(.handle(.fromOpaque(timer.toOpaque())))
    }

    /// Adds a job, from any thread.
    package func enqueue(_ entry: ReadyEntry) {
        if isOnLoopThread, !isClosed {
            ready.append(entry)
        } else if !inbox.post(entry) {
            OrphanedJobs.run(entry)
        }
    }

    /// Adds a handle from any thread; false if the loop is closed.
    package func post(_ handle: Handle) -> Bool {
        let reference = Unmanaged.passRetained(handle)
        if inbox.post(.handle(reference)) { return true }
        reference.release()
        return false
    }

    /// Runs `body` at once on the loop's thread, else hands it over. What a closed loop cannot take is dropped: only for
    /// requests that a closed loop has carried out anyway, such as cancelling.
    package func performOnLoop(_ body: @escaping @Sendable () -> Void) {
        if isOnLoopThread { body() } else { _ = post(Handle(body)) }
    }

    package func next() -> ReadyEntry? {
        ready.popFirst()
    }

    package func drainInbox() {
        inbox.drain(into: ready, spare: &spare)
    }

    // MARK: Closing

    private var isClosed = false

    /// Takes no more; what is still queued is dropped, but for jobs, which are run so that their tasks can end.
    package func close() {
        inbox.close()
        isClosed = true
        inbox.drain(into: ready, spare: &spare)
        while let entry = ready.popFirst() {
            if case .handle = entry { entry.discard() } else { OrphanedJobs.run(entry) }
        }
    }
}
