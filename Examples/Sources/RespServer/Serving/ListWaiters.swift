import Proactor

/// Clients that wait for an element of a list, in the order of their arrival.
final class ListWaiters {
    final class Waiter {
        let keys: [DatabaseKey]
        let takesLeft: Bool
        /// Called once: with an element, or with nil at the end of the time.
        let deliver: (_ found: (key: [UInt8], element: [UInt8])?) -> Void
        fileprivate var timer: TimerHandle?

        init(
            keys: [DatabaseKey], takesLeft: Bool,
            deliver: @escaping (_ found: (key: [UInt8], element: [UInt8])?) -> Void
        ) {
            self.keys = keys
            self.takesLeft = takesLeft
            self.deliver = deliver
        }
    }

    private let loop: any AbstractEventLoop
    private var waiters: [DatabaseKey: [Waiter]] = [:]

    init(loop: any AbstractEventLoop) {
        self.loop = loop
    }

    /// - Parameter seconds: How long to wait; 0 without a limit.
    func add(_ waiter: Waiter, seconds: Double) {
        for key in waiter.keys { waiters[key, default: []].append(waiter) }
        guard seconds > 0 else { return }
        waiter.timer = loop.callLater(.seconds(seconds)) { [unowned self] in
            remove(waiter)
            waiter.deliver(nil)
        }
    }

    func remove(_ waiter: Waiter) {
        waiter.timer?.cancel()
        for key in waiter.keys {
            waiters[key]?.removeAll { $0 === waiter }
            if waiters[key]?.isEmpty == true { waiters[key] = nil }
        }
    }

    /// The waiter that a list with elements serves next, which no longer waits.
    func next(_ key: @autoclosure () -> DatabaseKey) -> Waiter? {
        if waiters.isEmpty { return nil }
        guard let waiter = waiters[key()]?.first else { return nil }
        remove(waiter)
        return waiter
    }
}
