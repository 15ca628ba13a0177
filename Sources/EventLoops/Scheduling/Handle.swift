/// A callback that waits for its turn, and the means to call it off.
///
/// Cancelling releases the callback and all it holds at once; a handle that ran or was cancelled before is left as it
/// is. `Sendable` so that it may be stored anywhere; to be used on its loop's thread only.
///
/// asyncio: `asyncio.Handle`.
public class Handle: @unchecked Sendable, CustomStringConvertible {
    private var callback: (() throws -> Void)?
    /// Whether ``cancel()`` was called, be it before or after the callback ran.
    ///
    /// asyncio: `Handle.cancelled()`.
    public private(set) final var isCancelled = false

    package init(_ callback: @escaping () throws -> Void) {
        self.callback = callback
    }

    /// A handle that will never run: what a caller gets whose request could not be taken.
    package init(refused: Void) {
        callback = nil
        isCancelled = true
    }

    /// Calls the callback off.
    ///
    /// No effect if it ran already.
    ///
    /// asyncio: `Handle.cancel()`.
    public func cancel() {
        isCancelled = true
        callback = nil
    }

    /// Lets go of the callback: the loop is closed and will never run it.
    package final func forget() {
        callback = nil
    }

    /// Runs the callback once and lets go of it.
    package final func run() throws {
        guard let callback else { return }
        self.callback = nil
        try callback()
    }

    /// The handle's kind and state.
    public var description: String {
        "<\(type(of: self))\(isCancelled ? " cancelled" : "")>"
    }
}

/// A callback that waits for an instant.
///
/// asyncio: `asyncio.TimerHandle`.
public final class TimerHandle: Handle, @unchecked Sendable {
    /// When the callback is due.
    ///
    /// asyncio: `TimerHandle.when()`.
    public let when: LoopInstant
    /// Whether the heap holds the timer: only then does cancelling it leave a dead entry behind.
    var isScheduled = false
    private let tally: TimerTally

    package init(when: LoopInstant, tally: TimerTally, _ callback: @escaping () throws -> Void) {
        self.when = when
        self.tally = tally
        super.init(callback)
    }

    package init(refusedAt when: LoopInstant) {
        self.when = when
        tally = TimerTally()
        super.init(refused: ())
    }

    /// Calls the timer off.
    ///
    /// Its place in the heap is freed later, when half of the heap is of cancelled timers.
    ///
    /// asyncio: `TimerHandle.cancel()`.
    public override func cancel() {
        if isScheduled, !isCancelled { tally.count += 1 }
        super.cancel()
    }
}

/// How many timers of a heap were cancelled: shared by the heap and its handles, so that a handle need not know the
/// loop.
package final class TimerTally {
    var count = 0

    package var cancelled: Int {
        count
    }

    package init() {}
}
