internal import Kernel

/// What a loop shows to every thread: the loop's thread writes, any may read, nobody waits.
final class LoopCounters: Sendable {
    let turns = SingleWriterCounter()
    let callbacks = SingleWriterCounter()
    let timersFired = SingleWriterCounter()
    /// Nanoseconds.
    let lag = SingleWriterCounter()
    let worstLag = SingleWriterCounter()
    let readyDepth = SingleWriterCounter()
    let readyDepthPeak = SingleWriterCounter()
    let timersPending = SingleWriterCounter()
    let tasks = SingleWriterCounter()
    let connections = SingleWriterCounter()
    let servers = SingleWriterCounter()

    /// A turn is about to run what is ready.
    func turnRuns(_ ready: Int) {
        readyDepth.set(ready)
        readyDepthPeak.raise(to: ready)
    }

    /// The callback of the earliest timer of a turn begins so many nanoseconds after it was due.
    func timersBegin(late: Int64) {
        lag.set(Int(late))
        worstLag.raise(to: Int(late))
    }
}
