internal import CLinux
internal import Glibc
internal import Kernel

/// The loop's signal handlers.
///
/// The process-wide C handler only sets a bit and wakes the loop; the callback runs in the loop's next turn, like any
/// other. `signalfd` would need the signals blocked in every thread of the process, which a library cannot promise.
final class SignalTable {
    private struct Registration {
        let place: SourcePlace?
        let callback: () throws -> Void
    }

    private var callbacks: [Int32: Registration] = [:]
    private var mask: UInt64 = 0

    var isWatching: Bool {
        mask != 0
    }

    /// - Parameter once: Whether a second signal is the system's again, even if the callback could not run yet.
    func add(
        _ signal: Int32, once: Bool = false, wakeDescriptor: Int32, at place: SourcePlace? = nil,
        _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        guard (1...64).contains(signal) else {
            throw .invalidArgument("addSignalHandler", "\(signal) is not a signal number")
        }
        let failure = once ? cl_signal_catch_once(signal, wakeDescriptor) : cl_signal_catch(signal, wakeDescriptor)
        guard failure == 0 else {
            throw EventLoopError(
                .system, "addSignalHandler", errno: Errno(rawValue: failure),
                detail: "Signal \(signal) cannot be caught")
        }
        // Threads of pools block most signals: a loop on such a thread lets this one through.
        var one = sigset_t()
        sigemptyset(&one)
        sigaddset(&one, signal)
        pthread_sigmask(SIG_UNBLOCK, &one, nil)
        callbacks[signal] = Registration(place: place, callback: callback)
        mask |= Self.bit(signal)
    }

    func remove(_ signal: Int32) -> Bool {
        guard callbacks.removeValue(forKey: signal) != nil else { return false }
        mask &= ~Self.bit(signal)
        _ = cl_signal_release(signal)
        _ = cl_signal_take(Self.bit(signal))
        return true
    }

    func removeAll() {
        for signal in Array(callbacks.keys) { _ = remove(signal) }
    }

    /// Hands the callbacks of the signals that have come in, and where they were added, to `schedule`.
    func takePending(_ schedule: (SourcePlace?, @escaping () throws -> Void) -> Void) {
        guard cl_signal_pending(mask) != 0 else { return }
        var pending = cl_signal_take(mask)
        while pending != 0 {
            let signal = Int32(pending.trailingZeroBitCount) + 1
            pending &= pending - 1
            if let found = callbacks[signal] { schedule(found.place, found.callback) }
        }
    }

    private static func bit(_ signal: Int32) -> UInt64 {
        1 << UInt64(signal - 1)
    }
}
