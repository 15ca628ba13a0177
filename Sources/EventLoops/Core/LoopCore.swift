internal import CLinux
internal import Kernel
import Synchronization

/// The part that all kinds of loop have in common: ready queue, timers, inbox, executors, errors, signals.
///
/// Opaque to users.
///
/// A loop owns one core and supplies it with a driver. The extensions of ``AbstractEventLoop`` are written once, on the
/// core.
public final class LoopCore: @unchecked Sendable {
    // MARK: Parts

    package let queue: WorkQueue
    /// The queue's inbox, stored here because the compiler would retain an object two references away on every call.
    let inbox: Inbox
    package let driver: any LoopDriver
    let channels: any ChannelFactory
    package let operations: any DescriptorOperations
    package let report: any DriverReport
    /// Makes, configures and closes sockets.
    package let sockets: any SocketSystem
    private let clock: LoopClock
    package let segments: SegmentPool
    package let taskExecutor: LoopTaskExecutor
    let unownedTaskExecutor: UnownedTaskExecutor
    package let serialExecutor: LoopSerialExecutor
    package let exceptions = ExceptionReporter()
    let signals = SignalTable()
    let timers = TimerHeap()
    let descriptors = DescriptorTable()
    let releases = ReleaseQueue()
    let observation = Observation()
    let counters = LoopCounters()
    let defaultExecutor = DefaultExecutor()
    /// Resolves names; nil for the system's resolver.
    var resolver: (any Resolver)?
    /// Set permanently by `shutdownAsyncGenerators`; sequences check it before they wait.
    var areSequencesOver = false
    /// The loop, which owns the core.
    package private(set) weak var loop: (any AnyObject & Sendable)?

    // MARK: State

    var mustStop = false
    /// When the loop last checked for due timers, or when the run began, in nanoseconds of the loop's clock.
    var timersSeen: Int64 = 0
    private let closed = Atomic(false)
    // Tasks and transports that the loop must end when it closes; counted when they change, not once per turn.
    let tasks: TaskList
    var transports: [ObjectIdentifier: any BaseTransport] = [:] {
        didSet { counters.connections.set(transports.count) }
    }
    var servers: [ObjectIdentifier: any LoopServer] = [:] { didSet { counters.servers.set(servers.count) } }
    /// The user's `TaskFactory`, untyped, because that protocol refers to tasks, which refer to the core.
    var taskFactory: AnyObject?
    private var lastTaskNumber = 0
    /// The observers of user code: one byte that is read before each call.
    private let observers: Atomic<UInt8>
    /// Why the loop uses its backend; set before the loop is shared.
    package var backendReason = BackendReason("Made as a loop of this kind")

    /// Makes a core on a driver that fulfils all roles itself.
    package convenience init(
        driver: any LoopDriver & ChannelFactory & DescriptorOperations & DriverReport, queue: WorkQueue,
        segments: SegmentPool
    ) {
        self.init(
            driver: driver, channels: driver, operations: driver, report: driver, queue: queue, segments: segments)
    }

    package init(
        driver: any LoopDriver, channels: any ChannelFactory, operations: any DescriptorOperations,
        report: any DriverReport, sockets: any SocketSystem = KernelSockets.shared, clock: LoopClock = .monotonic,
        queue: WorkQueue, segments: SegmentPool
    ) {
        self.driver = driver
        self.channels = channels
        self.operations = operations
        self.report = report
        self.sockets = sockets
        self.clock = clock
        self.queue = queue
        inbox = queue.inbox
        self.segments = segments
        tasks = TaskList(counters)
        taskExecutor = LoopTaskExecutor(queue: queue)
        unownedTaskExecutor = taskExecutor.asUnownedTaskExecutor()
        serialExecutor = LoopSerialExecutor(queue: queue)
        observers = Atomic(DebugFlag.isSetInEnvironment ? Observer.debug.rawValue : 0)
        // A write to a lost connection must fail with an error, not kill the process.
        cl_ignore_sigpipe()
        // The driver outlives the inbox's waker, which `close` removes before it closes the driver.
        nonisolated(unsafe) let driver = driver
        queue.inbox.setWaker { driver.wake() }
        for own in driver.ownDescriptors { descriptors.claim(own.descriptor, asLoopsOwn: own.name) }
    }

    /// Ties the core to the loop that owns it.
    package func bind(to loop: any AnyObject & Sendable) {
        self.loop = loop
    }

    /// The loop's clock, read anew at each call.
    package var now: LoopInstant {
        LoopInstant(nanoseconds: clock.now())
    }

    // Properties that other modules use are computed: the compiler omits the exclusivity checks of a stored property
    // only if all uses are in this module.

    package var isClosed: Bool {
        get { closed.load(ordering: .relaxed) }
        set { closed.store(newValue, ordering: .relaxed) }
    }

    enum Observer: UInt8 {
        case debug = 1
        case watchdog = 2
    }

    /// Whether user code is observed.
    var isObserved: Bool {
        observers.load(ordering: .relaxed) != 0
    }

    /// Whether debug mode is on.
    ///
    /// - Thread: Any.
    package var isDebug: Bool {
        get { observers.load(ordering: .relaxed) & Observer.debug.rawValue != 0 }
        set { setObserver(.debug, newValue) }
    }

    func setObserver(_ observer: Observer, _ looks: Bool) {
        if looks {
            observers.bitwiseOr(observer.rawValue, ordering: .relaxed)
        } else {
            observers.bitwiseAnd(~observer.rawValue, ordering: .relaxed)
        }
    }

    func nextTaskNumber() -> Int {
        lastTaskNumber += 1
        return lastTaskNumber
    }

    // MARK: Scheduling

    /// Whether `operation` may proceed.
    ///
    /// A refusal is reported, because the calling function cannot throw.
    @inline(__always)
    func admits(_ operation: String) -> Bool {
        queue.isTurning && !isClosed || admitsUnusual(operation)
    }

    @inline(never)
    private func admitsUnusual(_ operation: String) -> Bool {
        guard allowsUse(operation) else { return false }
        if !isClosed { return true }
        let error = EventLoopError.closed(operation)
        exceptions.report(ExceptionContext(message: "Event loop is closed", error: error))
        return false
    }

    /// Throws unless the caller runs on the thread that turns the loop: every function that suspends must check this.
    @inline(__always)
    package func checkTask(_ operation: String) throws(EventLoopError) {
        if isClosed || !queue.isTurning { throw taskRefusal(operation) }
    }

    private func taskRefusal(_ operation: String) -> EventLoopError {
        isClosed ? .closed(operation) : queue.refusal(operation)
    }

    /// Suspends the calling task for one turn.
    package func yieldTurn() async throws {
        await withUnsafeContinuation { queue.append(yielded: $0) }
        try Task.checkCancellation()
    }

    /// Throws unless the calling thread may use the loop and the loop is open.
    package func check(_ operation: String) throws(EventLoopError) {
        try checkThread(operation)
        guard !isClosed else { throw .closed(operation) }
    }

    /// Throws unless the calling thread may use the loop.
    func checkThread(_ operation: String) throws(EventLoopError) {
        guard queue.ownership.allowsUse() else { throw queue.refusal(operation) }
    }

    /// Whether the calling thread may use the loop.
    ///
    /// Misuse is reported, because the calling function cannot throw.
    func allowsUse(_ operation: String, _ describe: (inout ExceptionContext) -> Void = { _ in }) -> Bool {
        queue.ownership.allowsUse() || reportMisuse(operation, describe)
    }

    /// Reports that `operation` was called on a thread that may not use the loop; returns false.
    @inline(never)
    func reportMisuse(_ operation: String, _ describe: (inout ExceptionContext) -> Void) -> Bool {
        var context = ExceptionContext(message: "Non-thread-safe operation", error: queue.refusal(operation))
        describe(&context)
        reportFromAnyThread(context)
        return false
    }

    package func callSoon(
        at place: consuming SourcePlace? = nil, _ callback: consuming @escaping () throws -> Void
    ) -> Handle {
        let handle = Handle(at: place, callback)
        makeReady(handle)
        return handle
    }

    /// Queues a handle, or cancels it if the loop may not be used.
    package func makeReady(_ handle: Handle) {
        if admits("callSoon") { queue.append(handle) } else { handle.cancel() }
    }

    package func callAt(
        _ when: LoopInstant, at place: consuming SourcePlace? = nil,
        _ callback: consuming @escaping () throws -> Void
    ) -> TimerHandle {
        let timer = TimerHandle(when: when, at: place, callback)
        schedule(timer)
        return timer
    }

    /// Schedules a timer, or cancels it if the loop may not be used.
    package func schedule(_ timer: TimerHandle) {
        guard admits("callAt") else { return timer.cancel() }
        // Turns without timers do not read the clock. A timer that is already overdue does not count as lag, except for
        // the time that this call took.
        if timers.count == 0 { timersSeen = max(timersSeen, now.nanoseconds - 1_000_000) }
        timers.insert(timer)
    }

    /// Reports to the exception handler on the loop's thread, from any thread.
    ///
    /// If the loop closes before it runs again, the report is delivered while it closes.
    package func reportFromAnyThread(_ context: ExceptionContext) {
        nonisolated(unsafe) let context = context
        if queue.ownership.isHome || queue.isInForkedChild { return exceptions.report(context) }
        queue.performOnLoop { [exceptions, weak queue] in
            // If the loop has closed, this closure runs on another thread, where the handler must not be called.
            if let queue, queue.ownership.isHome { exceptions.report(context) } else { exceptions.logDefault(context) }
        }
    }
}
