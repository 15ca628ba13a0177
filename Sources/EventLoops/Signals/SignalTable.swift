internal import CLinux
internal import Glibc
internal import Kernel

/// A listener for signals other than a callback, that is, a sequence.
protocol SignalListener: AnyObject {
    /// Whether the listener needs no more signals.
    var hasEnded: Bool { get }
    /// Adds a signal that has arrived.
    func add(_ signal: Int32)
    func end()
}

/// A loop's listeners, by signal.
///
/// The process-wide C handler only sets a bit and wakes the loop. In its next turn the loop notifies the handler and
/// every sequence. `signalfd` would require the signals to be blocked in every thread of the process, which a library
/// cannot ensure.
final class SignalTable {
    /// A weak reference, because only the sequence and its iterators retain the listener.
    private struct Reference {
        weak var listener: (any SignalListener)?
    }

    private struct Handler {
        let place: SourcePlace?
        let callback: () throws -> Void
    }

    /// The listeners of one signal.
    private struct Listeners {
        var handler: Handler?
        /// Called if there is neither a handler nor a sequence.
        var fallback: Handler?
        var sequences: [Reference] = []
        /// The thread on which the signal was blocked and must be blocked again afterwards.
        var blockedOn: UInt?

        var isOnlyFallback: Bool {
            handler == nil && sequences.isEmpty
        }

        var isEmpty: Bool {
            isOnlyFallback && fallback == nil
        }
    }

    private var listeners: [Int32: Listeners] = [:]
    /// The loop's entry in the process-wide handler's list; nil until the loop uses a signal.
    private var watcher: OpaquePointer?

    /// The signals that have listeners.
    var numbers: [Int32] {
        Array(listeners.keys)
    }

    // MARK: Handlers

    func setHandler(
        _ signal: Int32, wakeDescriptor: Int32, at place: SourcePlace?, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        let handler = Handler(place: place, callback: callback)
        try change(signal, wakeDescriptor, "addSignalHandler") { $0.handler = handler }
    }

    /// Sets the callback for a signal without a handler or sequence, unless the program has set the signal's action.
    ///
    /// A second arrival of the signal then takes the default action, even if the loop is stuck.
    func setFallback(
        _ signal: Int32, wakeDescriptor: Int32, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try Self.checkNumber(signal, "run")
        guard cl_signal_is_default(signal) else { return }
        let fallback = Handler(place: nil, callback: callback)
        try change(signal, wakeDescriptor, "run") { $0.fallback = fallback }
    }

    func removeHandler(_ signal: Int32) -> Bool {
        guard listeners[signal]?.handler != nil else { return false }
        _ = shrink(signal) { $0.handler = nil }
        return true
    }

    /// - Returns: Whether the signal has arrived and no listener, of this loop or another, could handle it.
    func removeFallback(_ signal: Int32, wasInVain: Bool) -> Bool {
        guard listeners[signal]?.fallback != nil else { return false }
        return shrink(signal) { $0.fallback = nil } || (wasInVain && !cl_signal_is_watched(signal))
    }

    // MARK: Sequences

    func add(
        _ sequence: any SignalListener, for signals: Set<Int32>, wakeDescriptor: Int32
    ) throws(EventLoopError) {
        do throws(EventLoopError) {
            for signal in signals.sorted() {
                try change(signal, wakeDescriptor, "signals") { $0.sequences.append(Reference(listener: sequence)) }
            }
        } catch {
            sequence.end()
            removeSequences(of: signals)
            throw error
        }
    }

    /// Removes the sequences of these signals that have ended or were released.
    func removeSequences(of signals: Set<Int32>) {
        for signal in signals {
            _ = shrink(signal) { $0.sequences.removeAll { $0.listener?.hasEnded ?? true } }
        }
    }

    /// Ends every sequence.
    func endSequences() {
        for each in listeners.values {
            for reference in each.sequences { reference.listener?.end() }
        }
        removeSequences(of: Set(listeners.keys))
    }

    // MARK: Signals

    /// Whether each turn must check for signals.
    var isWatching: Bool {
        watcher != nil
    }

    /// Delivers the signals that have arrived: directly to sequences, and to callbacks through `schedule`, which also
    /// receives the place where the callback was added.
    func takePending(_ schedule: (SourcePlace?, @escaping () throws -> Void) -> Void) {
        guard let watcher, cl_signal_pending(watcher) != 0 else { return }
        var pending = cl_signal_take(watcher)
        while pending != 0 {
            let signal = Int32(pending.trailingZeroBitCount) + 1
            pending &= pending - 1
            guard let each = listeners[signal] else { continue }
            for reference in each.sequences { reference.listener?.add(signal) }
            if let handler = each.handler ?? (each.sequences.isEmpty ? each.fallback : nil) {
                schedule(handler.place, handler.callback)
            }
        }
    }

    /// Releases every signal; afterwards, no handler uses the wake descriptor.
    func removeAll() {
        guard let watcher else { return }
        cl_signal_watcher_end(watcher)
        self.watcher = nil
        let former = listeners
        listeners = [:]
        for (signal, each) in former { blockAgain(signal, each) }
    }

    // MARK: Watching

    /// Changes the listeners of a signal; has no effect if it throws.
    private func change(
        _ signal: Int32, _ wakeDescriptor: Int32, _ operation: String, _ add: (inout Listeners) -> Void
    ) throws(EventLoopError) {
        try Self.checkNumber(signal, operation)
        guard let watcher = watcher ?? cl_signal_watcher_begin(wakeDescriptor) else {
            throw EventLoopError(system: .noMemory, operation)
        }
        self.watcher = watcher
        // Release replaced listeners last: their `deinit` may run user code that uses this table.
        let former = listeners[signal]
        defer { withExtendedLifetime(former) {} }
        var changed = former ?? Listeners()
        add(&changed)
        let failure = cl_signal_watch(watcher, signal, changed.isOnlyFallback)
        guard failure == 0 else {
            throw EventLoopError(
                .system, operation, errno: Errno(rawValue: failure), detail: "Signal \(signal) cannot be caught")
        }
        // Pool threads block most signals; a loop on such a thread unblocks this one.
        if Self.setBlocked(signal, false) { changed.blockedOn = cl_thread_self() }
        listeners[signal] = changed
    }

    /// Removes listeners of a signal.
    ///
    /// - Returns: Whether the signal was pending and no longer has a listener.
    private func shrink(_ signal: Int32, _ take: (inout Listeners) -> Void) -> Bool {
        guard let watcher, let former = listeners[signal] else { return false }
        defer { withExtendedLifetime(former) {} }
        var changed = former
        take(&changed)
        guard changed.isEmpty else {
            listeners[signal] = changed
            if changed.isOnlyFallback { cl_signal_watch_on_once(watcher, signal) }
            return false
        }
        listeners[signal] = nil
        defer { blockAgain(signal, changed) }
        return cl_signal_unwatch(watcher, signal)
    }

    static func checkNumber(_ signal: Int32, _ operation: String) throws(EventLoopError) {
        guard (1...64).contains(signal) else {
            throw .invalidArgument(operation, "\(signal) is not a signal number")
        }
        guard signal != 32, signal != 33 else {
            throw .invalidArgument(operation, "The C library reserves signal \(signal)")
        }
    }

    private func blockAgain(_ signal: Int32, _ former: Listeners) {
        if former.blockedOn == cl_thread_self() { _ = Self.setBlocked(signal, true) }
    }

    /// - Returns: Whether the signal was blocked on the calling thread before.
    private static func setBlocked(_ signal: Int32, _ isBlocked: Bool) -> Bool {
        var (one, before) = (sigset_t(), sigset_t())
        sigemptyset(&one)
        sigaddset(&one, signal)
        pthread_sigmask(isBlocked ? SIG_BLOCK : SIG_UNBLOCK, &one, &before)
        return sigismember(&before, signal) == 1
    }
}
