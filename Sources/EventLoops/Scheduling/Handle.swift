/// A callback that waits for its turn, and the means to call it off.
///
/// Cancelling releases the callback and all it holds at once; a handle that ran or was cancelled before is left as it
/// is. `Sendable` so that it may be stored anywhere; to be used on its loop's thread only.
///
/// asyncio: `asyncio.Handle`.
public class Handle: @unchecked Sendable, CustomStringConvertible {
    /// Whether the handle was called off, and in debug mode where it was made.
    ///
    /// Together they are one word, with which a handle is 40 bytes: the next size of malloc's is 56.
    private enum State {
        case standing, cancelled
        case standingFrom(SourcePlace)
        case cancelledFrom(SourcePlace)
    }

    private var callback: (() throws -> Void)?
    private var state: State

    package init(at place: SourcePlace? = nil, _ callback: @escaping () throws -> Void) {
        self.callback = callback
        state = place.map { .standingFrom($0) } ?? .standing
    }

    /// Whether ``cancel()`` was called, be it before or after the callback ran.
    ///
    /// asyncio: `Handle.cancelled()`.
    public final var isCancelled: Bool {
        switch state {
        case .standing, .standingFrom: false
        case .cancelled, .cancelledFrom: true
        }
    }

    /// Where the callback was scheduled, if that was in debug mode; a handle that ran or was cancelled knows it, too.
    ///
    /// asyncio: `_source_traceback`.
    public final var sourcePlace: SourcePlace? {
        switch state {
        case .standing, .cancelled: nil
        case .standingFrom(let place), .cancelledFrom(let place): place
        }
    }

    /// Calls the callback off.
    ///
    /// No effect if it ran already.
    ///
    /// asyncio: `Handle.cancel()`.
    public func cancel() {
        switch state {
        case .standing: state = .cancelled
        case .standingFrom(let place): state = .cancelledFrom(place)
        case .cancelled, .cancelledFrom: break
        }
        forget()
    }

    /// Lets go of the callback: it will never run.
    package final func forget() {
        // It goes after it was taken away: what it holds may, as it goes, cancel this very handle.
        _ = callback.take()
    }

    /// Runs the callback once and lets go of it.
    package final func run() throws {
        if let callback = callback.take() { try callback() }
    }

    /// The handle's kind and state, and in debug mode where it was made.
    public var description: String {
        let kind = self is TimerHandle ? "TimerHandle" : "Handle"
        return "<\(kind)\(isCancelled ? " cancelled" : "")\(sourcePlace.map { " created at \($0)" } ?? "")>"
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
    /// Set while the heap holds the timer, which then is to be told of a cancelled entry; the heap owns it.
    private var tally: Unmanaged<TimerTally>?

    package init(when: LoopInstant, at place: SourcePlace? = nil, _ callback: @escaping () throws -> Void) {
        self.when = when
        super.init(at: place, callback)
    }

    /// Calls the timer off.
    ///
    /// Its place in the heap is freed later, when half of the heap is of cancelled timers.
    ///
    /// asyncio: `TimerHandle.cancel()`.
    public override func cancel() {
        if !isCancelled { tally?._withUnsafeGuaranteedRef { $0.count += 1 } }
        super.cancel()
    }

    /// The heap has taken the timer in.
    func isScheduled(by tally: TimerTally) {
        self.tally = .passUnretained(tally)
    }

    /// The heap has let go of the timer.
    func isOffSchedule() {
        tally = nil
    }
}

/// How many timers of a heap were cancelled: what its handles know of it.
package final class TimerTally {
    var count = 0

    package var cancelled: Int {
        count
    }

    package init() {}
}
