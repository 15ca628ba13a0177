package import EventLoops
internal import Glibc
internal import Kernel
internal import Polling

/// Runs a loop's turns on a poller: sends queued bytes, waits for readiness, and notifies channels.
package final class SelectorDriver: LoopDriver, @unchecked Sendable {
    let selector: Selector
    let port: PollerPort
    // Direct references to objects used in each turn: the compiler retains objects reached through another object.
    private let poller: any Poller
    let watches: WatchTable
    private let inbox: Inbox
    private let sending: TurnList
    private let notifying: TurnList
    private let waker: Waker
    /// The number of waits, and the number of descriptors that they found ready.
    let waits = SingleWriterCounter()
    let found = SingleWriterCounter()

    package init(_ selector: Selector, queue: WorkQueue, segments: SegmentPool) throws(EventLoopError) {
        self.selector = selector
        do { port = PollerPort(try selector.makePoller(), queue: queue, segments: segments) } catch {
            throw EventLoopError(system: error, "\(selector)")
        }
        poller = port.poller
        watches = port.watches
        inbox = queue.inbox
        sending = port.sending
        notifying = port.notifying
        do { waker = Waker(try EventDescriptor(), port) } catch {
            throw EventLoopError(system: error, "eventfd")
        }
    }

    // MARK: Running

    package func attach() throws(EventLoopError) {
        watches.updateTime()
        waker.arm()
    }

    package func prepare() {
        if !sending.isEmpty { sending.callEachAlive(.send) }
        watches.apply()
    }

    package func poll(_ wait: LoopWait) throws(EventLoopError) {
        let timeout = sending.isEmpty && notifying.isEmpty ? wait.timeout : 0
        waits.add(1)
        do { found.add(try poller.wait(timeout) { port.dispatch($0, $1) }) } catch {
            throw EventLoopError(system: error, "\(selector)")
        }
        inbox.wokeUp()
        watches.turnEnded()
        watches.updateTime()
        if !notifying.isEmpty { notifying.callEach(.notify) }
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

    package var ownDescriptors: [(descriptor: Int32, name: String)] {
        [(waker.descriptor, "eventfd")] + (poller.descriptor.map { [($0, "\(selector)")] } ?? [])
    }

    // MARK: Closing

    package func close() throws(EventLoopError) {
        waker.close()
        prepare()
        // An owner that is notified may close another channel.
        while !notifying.isEmpty { notifying.callEach(.notify) }
        port.close()
    }
}

extension LoopWait {
    /// The poller's timeout in nanoseconds; negative to wait forever.
    fileprivate var timeout: Int64 {
        switch self {
        case .none: 0
        case .forever: -1
        case .until(let deadline): max(0, max(0, deadline) - MonotonicClock.now())
        }
    }
}
