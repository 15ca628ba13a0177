internal import Kernel

/// Counters that the loop's thread writes and any thread can read, without locks.
final class LoopCounters: Sendable {
    let turns = SingleWriterCounter()
    let callbacks = SingleWriterCounter()
    let timersFired = SingleWriterCounter()
    /// The lateness of the first timer of the last turn that fired one, in nanoseconds.
    let lag = SingleWriterCounter()
    /// The largest lateness so far, in nanoseconds.
    let worstLag = SingleWriterCounter()
    let readyDepth = SingleWriterCounter()
    let readyDepthPeak = SingleWriterCounter()
    let timersPending = SingleWriterCounter()
    let tasks = SingleWriterCounter()
    let connections = SingleWriterCounter()
    let servers = SingleWriterCounter()

    /// Called when a turn is about to run the ready entries.
    func turnRuns(_ ready: Int) {
        readyDepth.set(ready)
        readyDepthPeak.raise(to: ready)
    }

    /// Called when the earliest timer of a turn is about to fire, with its lateness in nanoseconds.
    func timersBegin(late: Int64) {
        lag.set(Int(late))
        worstLag.raise(to: Int(late))
    }
}
