import EventLoops
import Glibc
import Kernel
import Synchronization

/// A loop without a kernel interface: its driver only sleeps and wakes.
final class FakeLoop: AbstractEventLoop {
    let core: LoopCore
    let driver: FakeDriver

    init() throws {
        driver = FakeDriver(try EventDescriptor())
        core = LoopCore(driver: driver, queue: WorkQueue(), segments: SegmentPool())
        core.bind(to: self)
    }

    deinit {
        core.abandonUnlessClosed()
    }
}

final class FakeDriver: LoopDriver, ChannelFactory, DescriptorOperations, DriverReport, @unchecked Sendable {
    private let event: EventDescriptor
    private let closing = Locked<[@Sendable () -> Void]>([])
    private(set) var listenerChannels: [FakeListenerChannel] = []

    init(_ event: EventDescriptor) {
        self.event = event
    }

    var backend: LoopBackend { .poll }
    var wakeDescriptor: Int32 { event.fd }

    func attach() throws(EventLoopError) {}
    func flush() {}

    var features: [String] { [] }
    var operationSupport: [LoopCapabilities.Operation] { [] }

    var figures: DriverFigures { DriverFigures() }
    func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void) {}

    func prepare() {}

    func poll(_ wait: LoopWait) throws(EventLoopError) {
        let timeout: Int64
        switch wait {
        case .none: timeout = 0
        case .forever: timeout = -1
        case .until(let end): timeout = max(0, (end - MonotonicClock.now() + 999_999) / 1_000_000)
        }
        var descriptor = pollfd(fd: event.fd, events: Int16(POLLIN), revents: 0)
        if Glibc.poll(&descriptor, 1, Int32(clamping: timeout)) > 0 { try? event.drain() }
    }

    func wake() {
        event.signal()
    }

    func makeStreamChannel(_ descriptor: Int32, owner: any StreamChannelOwner) -> any StreamChannel {
        preconditionFailure("a fake loop has no channels")
    }

    func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel {
        let channel = FakeListenerChannel(descriptor, owner)
        listenerChannels.append(channel)
        return channel
    }

    func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel {
        preconditionFailure("a fake loop has no channels")
    }

    func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        throw EventLoopError(.notSupported, "connect")
    }

    /// Runs `body` when the loop closes, as a driver whose operations end then.
    func onClose(_ body: @escaping @Sendable () -> Void) {
        closing.update { $0.append(body) }
    }

    func close() throws(EventLoopError) {
        for body in closing.value { body() }
        event.close()
    }
}

/// Accepts nothing, and counts how often it was to begin.
final class FakeListenerChannel: ListenerChannel {
    private let descriptor: Int32
    private(set) weak var owner: (any ListenerOwner)?
    private(set) var starts = 0
    private(set) var isClosed = false

    init(_ descriptor: Int32, _ owner: any ListenerOwner) {
        self.descriptor = descriptor
        self.owner = owner
    }

    func startAccepting() {
        starts += 1
    }

    func close() {
        isClosed = true
        try? Descriptor.close(descriptor)
    }
}

/// An object whose end can be watched.
final class Witness {}

/// A door that opens once.
final class Gate: Sendable {
    private let state = Atomic(false)

    var isOpen: Bool {
        state.load(ordering: .acquiring)
    }

    func open() {
        state.store(true, ordering: .releasing)
    }

    func wait() {
        while !isOpen { usleep(200) }
    }
}

/// A number that several threads change.
final class SharedCount: Sendable {
    private let number = Atomic(0)

    var value: Int {
        number.load(ordering: .acquiring)
    }

    @discardableResult
    func add(_ difference: Int) -> Int {
        number.add(difference, ordering: .acquiringAndReleasing).newValue
    }
}

/// A thread whose end can be waited for.
final class HelperThread: Sendable {
    private let hasEnded = Gate()

    init(_ body: @escaping @Sendable () -> Void) {
        let failure = DetachedThread.start(name: "helper") { [hasEnded] in
            body()
            hasEnded.open()
        }
        precondition(failure == 0, "no thread for a test")
    }

    func join() {
        hasEnded.wait()
    }
}

/// Runs blocking code on a thread of its own, off the pool's threads on which test bodies run.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        _ = HelperThread { continuation.resume(with: Result { try body() }) }
    }
}

/// Random numbers that are the same in each run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
