import Synchronization

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
    let submissions = SharedNumber()
    let completions = SharedNumber()
    let systemCalls = SharedNumber()
    let operationsInFlight = SharedNumber()
    let receiveBuffersLent = SharedNumber()
    let receiveBuffersTotal = SharedNumber()

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

/// A number that one thread changes and any may read.
///
/// Since nobody else writes, adding is a load and a store, and no instruction that other processors must agree on.
struct SharedNumber: ~Copyable, Sendable {
    private let number = Atomic(0)

    var value: Int {
        number.load(ordering: .relaxed)
    }

    func set(_ value: Int) {
        number.store(value, ordering: .relaxed)
    }

    func add(_ difference: Int) {
        set(value &+ difference)
    }

    func raise(to value: Int) {
        if value > self.value { set(value) }
    }
}
