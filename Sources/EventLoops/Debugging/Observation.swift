/// What debug mode and the watchdog need to know of a loop.
///
/// Nothing of it is touched while neither is on. Loop thread only.
final class Observation {
    var watchdog: Watchdog? {
        didSet { oldValue?.stop() }
    }
    /// How long user code may hold the loop before debug mode says so.
    var slowness = Duration.milliseconds(100)
    let labels = TaskLabels()
    /// Whether tasks were begun of which the labels know nothing.
    var hasMissedTasks = false
    var hasLabels = false
    /// Time within the code that runs of which warnings have told already.
    private var told = Duration.zero

    deinit {
        watchdog?.stop()
    }

    /// Runs code that the watchdog may look at.
    func shown<Result>(_ name: CodeName, _ body: () -> Result) -> Result {
        // The same one afterwards, even if the code has set another.
        guard let activity = watchdog?.activity else { return body() }
        let outer = activity.enter(name)
        defer { activity.leave(to: outer) }
        return body()
    }

    /// Runs code, and says so if it takes long.
    ///
    /// Time that code within it took is told once, of that code.
    func timed<Result>(_ name: CodeName, clock: () -> LoopInstant, _ body: () -> Result) -> Result {
        // A task may have ended afterwards, and be forgotten.
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
