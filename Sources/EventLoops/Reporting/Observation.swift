/// The state of a loop's debug mode and watchdog.
///
/// Not used while both are off. Loop thread only.
final class Observation {
    var watchdog: Watchdog? {
        didSet { oldValue?.stop() }
    }
    /// How long user code may block the loop before debug mode warns.
    var slowness = Duration.milliseconds(100)
    let labels = TaskLabels()
    /// Whether tasks have begun that are not in the labels.
    var hasMissedTasks = false
    var hasLabels = false
    /// The time within the running call that nested warnings have covered.
    private var told = Duration.zero

    deinit {
        watchdog?.stop()
    }

    /// Runs code that the watchdog can sample.
    func shown<Result>(_ name: ActivityName, _ body: () -> Result) -> Result {
        // Keep a reference: the code may set another watchdog.
        guard let activity = watchdog?.activity else { return body() }
        let outer = activity.enter(name)
        defer { activity.leave(to: outer) }
        return body()
    }

    /// Runs code, and logs a warning if it takes too long.
    ///
    /// Time spent in a nested call is reported once, for that call.
    func timed<Result>(_ name: ActivityName, clock: () -> LoopInstant, _ body: () -> Result) -> Result {
        // Looked up first, because the task may end during the call.
        let label = name.kind == .task ? labels[name.first] : nil
        let toldBefore = told
        told = .zero
        let began = clock()
        let result = body()
        let took = began.duration(to: clock())
        if took - told >= slowness {
            Log.write(.warning, "Executing \(label?.description ?? name.text(labels)) took \(took.secondsText)")
            told = took
        }
        told += toldBefore
        return result
    }
}
