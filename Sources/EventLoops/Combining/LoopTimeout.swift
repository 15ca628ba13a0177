/// A deadline that can be moved while the code runs; `withTimeout` passes it to its closure.
///
/// Loop thread only.
///
/// asyncio: `asyncio.Timeout`.
public final class LoopTimeout {
    private enum State {
        case active, expired, over
    }

    private let core: LoopCore
    /// Cancels the code; false if it has ended.
    private let expire: () -> Bool
    private var state = State.active
    private var timer: Handle?

    /// The deadline, or nil if there is none.
    ///
    /// asyncio: `Timeout.when()`.
    public private(set) var when: LoopInstant?

    init(core: LoopCore, _ expire: @escaping () -> Bool) {
        self.core = core
        self.expire = expire
    }

    /// Whether the deadline passed while the code was running, so that the code was cancelled.
    ///
    /// asyncio: `Timeout.expired()`.
    public var expired: Bool {
        state == .expired
    }

    /// Moves the deadline.
    ///
    /// - Parameter when: The new deadline, which may be in the past; nil for none.
    /// - Throws: ``EventLoopError`` with `.invalidState` if the deadline has passed or the code has ended.
    ///
    /// asyncio: `Timeout.reschedule(when)`.
    public func reschedule(_ when: LoopInstant?) throws(EventLoopError) {
        try core.check("reschedule")
        guard state == .active else {
            let detail = "The deadline cannot be moved: " + (expired ? "it has passed" : "the code has ended")
            throw EventLoopError(.invalidState, "reschedule", detail: detail)
        }
        self.when = when
        timer?.cancel()
        let pass = { [weak self] in _ = self?.deadlinePassed() }
        // A deadline that has already passed takes effect before the code continues.
        timer = when.map { $0 <= core.now ? core.callSoon(pass) : core.callAt($0, pass) }
    }

    private func deadlinePassed() {
        guard state == .active else { return }
        state = expire() ? .expired : .over
    }

    /// Records that the code has ended.
    ///
    /// May be called on any thread, because a caller that is not a task of the loop may have resumed elsewhere.
    func end() {
        if core.queue.isTurning { return endOnLoop() }
        nonisolated(unsafe) let timeout = self
        core.queue.performOnLoop { timeout.endOnLoop() }
    }

    private func endOnLoop() {
        timer?.cancel()
        timer = nil
        if state == .active { state = .over }
    }
}
