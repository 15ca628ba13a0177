/// A scheduled callback, which can be cancelled.
///
/// Cancelling releases the callback at once, with everything that it captures. It has no effect on a handle that has
/// run or is already cancelled. A handle is `Sendable` so that it can be stored anywhere, but it must be used only on
/// its loop's thread.
///
/// asyncio: `asyncio.Handle`.
public class Handle: @unchecked Sendable, CustomStringConvertible {
    /// Whether the handle is cancelled and, in debug mode, where it was made.
    ///
    /// One word for both keeps a handle at 40 bytes; malloc's next size class is 56.
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

    /// Whether ``cancel()`` was called, before or after the callback ran.
    ///
    /// asyncio: `Handle.cancelled()`.
    public final var isCancelled: Bool {
        switch state {
        case .standing, .standingFrom: false
        case .cancelled, .cancelledFrom: true
        }
    }

    /// Where the callback was scheduled, if debug mode was on.
    ///
    /// Still available after the handle has run or has been cancelled.
    ///
    /// asyncio: `_source_traceback`.
    public final var sourcePlace: SourcePlace? {
        switch state {
        case .standing, .cancelled: nil
        case .standingFrom(let place), .cancelledFrom(let place): place
        }
    }

    /// Cancels the callback.
    ///
    /// Has no effect if the callback has run.
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

    /// Releases the callback, which will never run.
    package final func forget() {
        // Take it out before releasing it: a deinit of what it captures may cancel this handle.
        _ = callback.take()
    }

    /// Runs the callback once and releases it.
    package final func run() throws {
        if let callback = callback.take() { try callback() }
    }

    /// The handle's kind and state and, in debug mode, where it was made.
    public var description: String {
        let kind = self is TimerHandle ? "TimerHandle" : "Handle"
        return "<\(kind)\(isCancelled ? " cancelled" : "")\(sourcePlace.map { " created at \($0)" } ?? "")>"
    }
}

/// A callback that is scheduled for an instant.
///
/// asyncio: `asyncio.TimerHandle`.
public final class TimerHandle: Handle, @unchecked Sendable {
    /// When the callback is due.
    ///
    /// asyncio: `TimerHandle.when()`.
    public let when: LoopInstant
    /// Set while the heap contains the timer, so that cancelling updates the heap's count.
    ///
    /// Owned by the heap.
    private var tally: Unmanaged<TimerTally>?

    package init(when: LoopInstant, at place: SourcePlace? = nil, _ callback: @escaping () throws -> Void) {
        self.when = when
        super.init(at: place, callback)
    }

    /// Cancels the timer.
    ///
    /// Its place in the heap is freed later, when half of the timers in the heap are cancelled.
    ///
    /// asyncio: `TimerHandle.cancel()`.
    public override func cancel() {
        if !isCancelled { tally?._withUnsafeGuaranteedRef { $0.count += 1 } }
        super.cancel()
    }

    /// Records that the heap contains the timer.
    func isScheduled(by tally: TimerTally) {
        self.tally = .passUnretained(tally)
    }

    /// Records that the heap no longer contains the timer.
    func isOffSchedule() {
        tally = nil
    }
}

/// The number of cancelled timers in a heap, shared with its handles.
package final class TimerTally {
    var count = 0

    package var cancelled: Int {
        count
    }

    package init() {}
}
