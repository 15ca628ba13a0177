internal import Kernel

/// What a loop shows to every thread: the loop's thread writes, any may read, nobody waits.
final class LoopCounters: Sendable {
    let turns = SharedNumber()
    let callbacks = SharedNumber()
    let timersFired = SharedNumber()
    /// Nanoseconds.
    let lag = SharedNumber()
    let worstLag = SharedNumber()
    let readyDepth = SharedNumber()
    let readyDepthPeak = SharedNumber()
    let timersPending = SharedNumber()
    let tasks = SharedNumber()
    let connections = SharedNumber()
    let servers = SharedNumber()

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
