internal import EventLoops
internal import Glibc

/// The signals that cancel the main task of one run.
///
/// The first signal cancels the task. From then on, each signal takes its default action again, so that the second one
/// terminates the process. A second signal of the same kind does so even if the loop is stuck in a callback, because
/// the kernel resets the action when it delivers the first; for a signal of another kind, the loop must first run the
/// callback of the first signal.
///
/// The kernel ignores default actions for process 1 of a PID namespace, such as the main process of most containers.
/// There, the loop catches the second signal, too, and terminates the process.
final class Interruption {
    private let loop: any AbstractEventLoop
    private let signals: [Int32]
    /// Cancels the main task; returns false if the task had already ended.
    var cancel: (() -> Bool)?
    /// The signal that arrived first.
    private(set) var first: Int32?
    private var wasInVain = false

    /// Catches the signals, except those whose actions the program has set itself.
    ///
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a number that is not a signal, `.system` for one that
    ///   cannot be caught. In that case, none of the others is caught either.
    init(of loop: any AbstractEventLoop, by signals: Set<Int32>) throws(EventLoopError) {
        self.loop = loop
        self.signals = signals.sorted()
        do throws(EventLoopError) {
            for signal in self.signals {
                try catchSignal(signal)
            }
        } catch {
            end()
            throw error
        }
    }

    private func catchSignal(_ signal: Int32) throws(EventLoopError) {
        try loop.setSignalFallback(signal) { [weak self] in self?.came(signal) }
    }

    private func came(_ signal: Int32) {
        guard first == nil else { return DefaultAction.perform(signal) }
        first = signal
        wasInVain = !(cancel?() ?? false)
        if DefaultAction.isIgnoredByKernel {
            try? catchSignal(signal)
        } else {
            for other in signals where other != signal { giveBack(other, wasInVain: false) }
        }
    }

    /// Restores the signals at the end of the run.
    ///
    /// A signal that arrived too late to cancel anything must not be lost: it now takes its default action.
    func end() {
        for signal in signals { giveBack(signal, wasInVain: signal == first && wasInVain) }
    }

    private func giveBack(_ signal: Int32, wasInVain: Bool) {
        if loop.removeSignalFallback(signal, wasInVain: wasInVain) { DefaultAction.perform(signal) }
    }
}
