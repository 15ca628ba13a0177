internal import CLinux
import Synchronization

/// Which thread may do what with a loop.
///
/// A loop moves between threads. Its *home* is the thread that ran or closed it last; before that, the first thread
/// that used it; before that, the thread that made it. A thread *holds* the loop while it runs or closes it. Answers
/// for the calling thread:
///
/// | state of the loop | ``isTurning`` | ``isHome`` | ``allowsUse()`` | ``allowsInspection`` | ``runsLeftovers`` |
/// |---|---|---|---|---|---|
/// | unclaimed: made, not used yet | no | maker | any thread, which becomes the home | maker | no |
/// | idle | no | home | home | home | no |
/// | held (it runs or closes) | holder | holder | holder | holder | no |
/// | closed | no | home | any thread | any thread | thread for orphaned jobs |
/// | in a forked child | as in the parent | as in the parent | no | no | no |
///
/// - ``isTurning`` is the question for data paths, for tasks that wait, and for everything that may be called from any
///   thread: an idle loop can lose its home at any moment. A callback that forked also holds the child's copy, so
///   callers that would enter the kernel must check ``isInForkedChild`` as well.
/// - ``isHome`` is for destructors, which may run on any thread and must not claim the loop.
/// - ``allowsUse()`` is for calls of users that change something. Using an unclaimed loop claims it.
/// - ``allowsInspection`` is for calls that only read. They do not claim the loop.
/// - ``runsLeftovers``: tasks of a closed loop can still end. They run on a thread of their own, where every call on
///   the loop returns an error; see ``OrphanedJobs``.
///
/// A noncopyable structure, so that it costs its owner no object and no reference count.
struct LoopOwnership: ~Copyable, Sendable {
    /// A bit that is clear in every thread's number; set while the home is merely the thread that made the loop.
    private static let unclaimed: UInt = 1

    private let home: Atomic<UInt>
    /// The thread that holds the loop; 0 if none does.
    ///
    /// A loop moves to another thread by an exchange of this number, which succeeds for one thread only.
    private let holder = Atomic<UInt>(0)
    private let runs = Atomic(false)
    private let closed = Atomic(false)
    /// A number that identifies the process that made the loop; it differs in a forked child.
    private let process = cl_process_generation()

    init() {
        home = Atomic(cl_thread_self() | Self.unclaimed)
    }

    /// The calling thread, for ``isTurning(on:)``.
    @inline(__always)
    static var callingThread: UInt {
        cl_thread_self()
    }

    // MARK: Questions

    var isTurning: Bool {
        isTurning(on: cl_thread_self())
    }

    /// Like ``isTurning``, for callers on data paths, which fetch their thread first: a function call between fetching
    /// the queue and using it would cost a retain of the queue.
    @inline(__always)
    func isTurning(on thread: UInt) -> Bool {
        holder.load(ordering: .relaxed) == thread
    }

    var isHome: Bool {
        home.load(ordering: .relaxed) & ~Self.unclaimed == cl_thread_self()
    }

    func allowsUse() -> Bool {
        if isInForkedChild { return false }
        let holder = holder.load(ordering: .relaxed)
        if holder != 0 { return holder == cl_thread_self() }
        claim()
        return isHome || isClosed
    }

    var allowsInspection: Bool {
        if isInForkedChild { return false }
        let holder = holder.load(ordering: .relaxed)
        return holder == 0 ? isHome || isClosed : holder == cl_thread_self()
    }

    var runsLeftovers: Bool {
        isClosed && OrphanedJobs.areRunByCurrentThread
    }

    // MARK: State

    /// Whether some thread holds the loop.
    var isHeld: Bool {
        holder.load(ordering: .relaxed) != 0
    }

    var isRunning: Bool {
        get { runs.load(ordering: .relaxed) }
        nonmutating set { runs.store(newValue, ordering: .relaxed) }
    }

    var isClosed: Bool {
        closed.load(ordering: .relaxed)
    }

    /// Whether this is the copy of a loop in a child of the process that made it.
    ///
    /// The kernel's part of the loop is shared, not copied: an operation of the child would affect its parent.
    var isInForkedChild: Bool {
        process != cl_process_generation()
    }

    /// The error for a caller that may not use the loop.
    func refusal(_ operation: String) -> EventLoopError {
        isInForkedChild ? .forkedChild(operation) : .wrongThread(operation)
    }

    // MARK: Changes

    /// Makes the calling thread the holder; false if the loop already has one.
    ///
    /// Everything that the previous holder did is visible to the new one.
    func acquire() -> Bool {
        holder.compareExchange(expected: 0, desired: cl_thread_self(), ordering: .acquiringAndReleasing).exchanged
    }

    /// Makes the calling thread, which already holds the loop, its home.
    func transfer() {
        home.store(cl_thread_self(), ordering: .relaxed)
    }

    /// Stops holding the loop; the calling thread remains its home.
    func release() {
        holder.store(0, ordering: .releasing)
    }

    func close() {
        closed.store(true, ordering: .relaxed)
    }

    /// Makes the calling thread the home if it is the first to use the loop.
    private func claim() {
        let maker = home.load(ordering: .relaxed)
        guard maker & Self.unclaimed != 0 else { return }
        _ = home.compareExchange(
            expected: maker, desired: cl_thread_self(), successOrdering: .acquiringAndReleasing,
            failureOrdering: .acquiring)
    }
}
