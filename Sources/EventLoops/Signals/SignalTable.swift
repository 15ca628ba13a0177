internal import CLinux
internal import Glibc
internal import Kernel

/// What a loop tells of signals beside its callbacks: a sequence.
protocol SignalListener: AnyObject {
    /// Whether it wants to be told no more.
    var hasEnded: Bool { get }
    /// A signal has come.
    func add(_ signal: Int32)
    func end()
}

/// Who of a loop is told of which signal.
///
/// The process-wide C handler only sets a bit and wakes the loop; all else happens in the loop's next turn, where a
/// signal is told to the handler and to every sequence. `signalfd` would need the signals blocked in every thread of
/// the process, which a library cannot promise.
final class SignalTable {
    /// Whoever draws from a sequence holds it.
    private struct Reference {
        weak var listener: (any SignalListener)?
    }

    private struct Handler {
        let place: SourcePlace?
        let callback: () throws -> Void
    }

    /// Those of one signal.
    private struct Listeners {
        var handler: Handler?
        /// Called for want of all others.
        var fallback: Handler?
        var sequences: [Reference] = []
        /// The thread on which the signal was blocked before.
        var blockedOn: UInt?

        var isOnlyFallback: Bool {
            handler == nil && sequences.isEmpty
        }

        var isEmpty: Bool {
            isOnlyFallback && fallback == nil
        }
    }

    private var listeners: [Int32: Listeners] = [:]
    /// The loop as the process-wide handler knows it; nil until it asks for a signal.
    private var watcher: OpaquePointer?

    /// The signals of which somebody is told.
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

    /// Sets what is called for want of a handler and a sequence, unless the program has decided about the signal; a
    /// second one is then the system's, even if the loop is stuck.
    func setFallback(
        _ signal: Int32, wakeDescriptor: Int32, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        guard cl_signal_is_default(signal) else { return }
        let fallback = Handler(place: nil, callback: callback)
        try change(signal, wakeDescriptor, "run") { $0.fallback = fallback }
    }

    func removeHandler(_ signal: Int32) -> Bool {
        guard listeners[signal]?.handler != nil else { return false }
        _ = shrink(signal) { $0.handler = nil }
        return true
    }

    /// - Returns: Whether the signal has come in and was told to nobody, here or elsewhere, who could do anything.
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

    /// Forgets the sequences of these signals that have ended or have gone.
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

    /// Whether there is something to look for in each turn.
    var isWatching: Bool {
        watcher != nil
    }

    /// Tells the signals that have come in: sequences at once, callbacks by way of `schedule`, which also gets where
    /// they were added.
    func takePending(_ schedule: (SourcePlace?, @escaping () throws -> Void) -> Void) {
        guard let watcher, cl_signal_pending(watcher) != 0 else { return }
        var pending = cl_signal_take(watcher)
        while pending != 0 {
            let signal = Int32(pending.trailingZeroBitCount) + 1
            pending &= pending - 1
            guard let told = listeners[signal] else { continue }
            for reference in told.sequences { reference.listener?.add(signal) }
            if let handler = told.handler ?? (told.sequences.isEmpty ? told.fallback : nil) {
                schedule(handler.place, handler.callback)
            }
        }
    }

    /// Gives every signal back; no handler knows the wake descriptor afterwards.
    func removeAll() {
        guard let watcher else { return }
        cl_signal_watcher_end(watcher)
        self.watcher = nil
        let former = listeners
        listeners = [:]
        for (signal, each) in former { blockAgain(signal, each) }
    }

    // MARK: Watching

    /// Adds to the listeners of a signal, all of it or nothing.
    private func change(
        _ signal: Int32, _ wakeDescriptor: Int32, _ operation: String, _ add: (inout Listeners) -> Void
    ) throws(EventLoopError) {
        try Self.checkNumber(signal, operation)
        guard let watcher = watcher ?? cl_signal_watcher_begin(wakeDescriptor) else {
            throw EventLoopError(system: .noMemory, operation)
        }
        self.watcher = watcher
        // What goes does so at the end: its own end may be a user's code, and come back here.
        let former = listeners[signal]
        defer { withExtendedLifetime(former) {} }
        var changed = former ?? Listeners()
        add(&changed)
        let failure = cl_signal_watch(watcher, signal, changed.isOnlyFallback)
        guard failure == 0 else {
            throw EventLoopError(
                .system, operation, errno: Errno(rawValue: failure), detail: "Signal \(signal) cannot be caught")
        }
        // Threads of pools block most signals: a loop on such a thread lets this one through.
        if Self.setBlocked(signal, false) { changed.blockedOn = cl_thread_self() }
        listeners[signal] = changed
    }

    /// Takes from the listeners of a signal.
    ///
    /// - Returns: Whether the signal had come in, and nobody is left who could be told.
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
            throw .invalidArgument(operation, "The C library keeps signal \(signal) for itself")
        }
    }

    private func blockAgain(_ signal: Int32, _ former: Listeners) {
        if former.blockedOn == cl_thread_self() { _ = Self.setBlocked(signal, true) }
    }

    /// - Returns: Whether the calling thread blocked the signal before.
    private static func setBlocked(_ signal: Int32, _ isBlocked: Bool) -> Bool {
        var (one, before) = (sigset_t(), sigset_t())
        sigemptyset(&one)
        sigaddset(&one, signal)
        pthread_sigmask(isBlocked ? SIG_BLOCK : SIG_UNBLOCK, &one, &before)
        return sigismember(&before, signal) == 1
    }
}
