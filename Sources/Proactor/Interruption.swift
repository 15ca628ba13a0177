internal import EventLoops
internal import Glibc

/// The signals that cancel the main task of one run.
///
/// The first one cancels. From then on, each of them has its default action again, so that the second ends the process.
/// A second signal of the same kind does so even if the loop is stuck in a callback, because the kernel resets its
/// action when it delivers the first; for the other kinds, the loop must first run the callback of the first signal.
///
/// The kernel ignores default actions for process 1 of a PID namespace, such as the main process of most containers.
/// There, the loop catches the second signal too, and ends the process.
final class Interruption {
    private let loop: any AbstractEventLoop
    private let signals: [Int32]
    /// Cancels the main task; false if it had already ended.
    var cancel: (() -> Bool)?
    /// The signal that arrived first.
    private(set) var first: Int32?
    private var wasInVain = false

    /// Catches the signals, unless the program has set their actions itself.
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
    /// A signal that arrived too late to cancel anything must not be lost: it now gets its default action.
    func end() {
        for signal in signals { giveBack(signal, wasInVain: signal == first && wasInVain) }
    }

    private func giveBack(_ signal: Int32, wasInVain: Bool) {
        if loop.removeSignalFallback(signal, wasInVain: wasInVain) { DefaultAction.perform(signal) }
    }
}
