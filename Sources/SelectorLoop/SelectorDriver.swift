package import EventLoops
internal import Glibc
package import Kernel
internal import Polling

/// The loop's side of the poller: sends what channels have, waits for what is ready, and tells those who watch it.
package final class SelectorDriver: LoopDriver, @unchecked Sendable {
    private let selector: Selector
    let port: PollerPort
    // What each turn uses is at hand: the compiler retains, for each call, what lies two steps away.
    private let poller: any Poller
    private let watches: WatchTable
    private let inbox: Inbox
    private let sending: TurnList
    private let telling: TurnList
    private let waker: Waker
    /// Calls in which the kernel was asked what is ready, and descriptors that were.
    private let waits = SingleWriterCounter()
    private let found = SingleWriterCounter()

    package init(_ selector: Selector, queue: WorkQueue, segments: SegmentPool) throws(EventLoopError) {
        self.selector = selector
        do { port = PollerPort(try selector.makePoller(), queue: queue, segments: segments) } catch {
            throw EventLoopError(system: error, "\(selector)")
        }
        poller = port.poller
        watches = port.watches
        inbox = queue.inbox
        sending = port.sending
        telling = port.telling
        do { waker = Waker(try EventDescriptor(), port) } catch {
            throw EventLoopError(system: error, "eventfd")
        }
    }

    package var backend: LoopBackend {
        switch selector {
        case .epoll: .epoll
        case .poll: .poll
        case .select: .select
        }
    }

    package var features: [String] { [] }

    package var operations: [LoopCapabilities.Operation] {
        [
            .init("accept", .emulated("\(selector) and accept4")),
            .init("connect", .emulated("connect, \(selector) and SO_ERROR")),
            .init("receive", .emulated("\(selector) and recv")),
            .init("receive into a BufferedProtocol", .emulated("\(selector) and recv")),
            .init("send", .emulated("send or sendmsg, and \(selector) while there is no room")),
            .init("watch a descriptor", .emulated("\(selector)")),
            .init("wake-up", .emulated("\(selector) and an eventfd")),
        ]
    }

    // MARK: Running

    package func attach() throws(EventLoopError) {
        watches.look()
        waker.arm()
    }

    package func prepare() {
        if !sending.isEmpty { sending.callEachAlive(.send) }
        watches.apply()
    }

    package func poll(_ wait: LoopWait) throws(EventLoopError) {
        let timeout = sending.isEmpty && telling.isEmpty ? wait.timeout : 0
        waits.add(1)
        do { found.add(try poller.wait(timeout) { port.dispatch($0, $1) }) } catch {
            throw EventLoopError(system: error, "\(selector)")
        }
        inbox.wokeUp()
        watches.look()
        if !telling.isEmpty { telling.callEach(.tell) }
        if let failure = waker.failure { throw EventLoopError(system: failure, "eventfd") }
    }

    package func flush() {
        prepare()
    }

    package func wake() {
        waker.signal()
    }

    package var wakeDescriptor: Int32 {
        waker.descriptor
    }

    package var figures: DriverFigures {
        var figures = DriverFigures()
        figures.submissions = watches.changesMade
        figures.completions = found.value
        figures.systemCalls = waits.value
        figures.operationsInFlight = watches.waits
        figures.receiveBuffersLent = port.buffersLent
        figures.receiveBuffersTotal = port.lent.total
        return figures
    }

    package func forEachPending(at now: Int64, _ body: (PendingOperation) -> Void) {
        watches.forEachWait { target, readiness, since in
            let age = Duration.nanoseconds(max(0, now - (since ?? now)))
            body(PendingOperation(target.purpose(of: readiness), call: "\(selector)", age: age))
        }
    }

    /// Descriptors that are being watched, with the loop's own.
    package var descriptorsWatched: Int {
        watches.live
    }

    /// Receive buffers that somebody still reads.
    package var buffersLent: Int {
        port.buffersLent
    }

    package func makeStreamChannel(_ descriptor: Int32, owner: any StreamChannelOwner) -> any StreamChannel {
        SelectorStreamChannel(descriptor, port: port, owner: owner)
    }

    package func makeListenerChannel(_ descriptor: Int32, owner: any ListenerOwner) -> any ListenerChannel {
        SelectorListenerChannel(descriptor, port: port, owner: owner)
    }

    package func makeWatchChannel(_ descriptor: Int32, owner: any WatchOwner) -> any WatchChannel {
        SelectorWatchChannel(descriptor, port: port, owner: owner)
    }

    package func connect(_ descriptor: Int32, to address: SocketAddress) async throws {
        let operation = ConnectOperation(port, descriptor, to: address)
        _ = try await operation.wait.value(of: operation, "connect")
    }

    // MARK: Closing

    package func close() throws(EventLoopError) {
        waker.close()
        watches.tellLoopCloses()
        prepare()
        // Who is told of one end may bring about another.
        while !telling.isEmpty { telling.callEach(.tell) }
        port.close()
    }
}

extension LoopWait {
    /// Nanoseconds from now; below zero for ever.
    fileprivate var timeout: Int64 {
        switch self {
        case .none: 0
        case .forever: -1
        case .until(let deadline): max(0, max(0, deadline) - MonotonicClock.now())
        }
    }
}
