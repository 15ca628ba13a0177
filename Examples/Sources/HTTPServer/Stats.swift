import Proactor

/// What the server knows about itself.
final class Stats {
    var openConnections = 0
    var connections = 0
    var requests = 0

    private let loop: any AbstractEventLoop
    private let began: LoopInstant
    /// Microseconds by which the timer was late: what a callback that is due now has to wait for its turn.
    private var lag = 0
    private var worstLag = 0
    private var timer: TimerHandle?
    private static let period = Duration.milliseconds(100)

    init(loop: any AbstractEventLoop) {
        self.loop = loop
        began = loop.time
    }

    /// Measures the loop's lag from now on.
    func begin() {
        timer = loop.callLater(Self.period) { [unowned self] in measure() }
    }

    func end() {
        timer?.cancel()
    }

    private func measure() {
        guard let due = timer?.when else { return }
        lag = Int(due.duration(to: loop.time) / .microseconds(1))
        worstLag = max(worstLag, lag)
        // From now, not from when it was due: after a long stall there is nothing to catch up on.
        begin()
    }

    /// Everything as JSON; not on the fast path, so text is good enough.
    func response() -> Response {
        let uptime = began.duration(to: loop.time) / .milliseconds(1)
        let members = [
            "\"backend\":\"\(loop.backend)\"",
            "\"connections\":\(openConnections)",
            "\"connections_total\":\(connections)",
            "\"requests\":\(requests)",
            "\"loop_lag_us\":\(lag)",
            "\"loop_lag_max_us\":\(worstLag)",
            "\"uptime_s\":\(uptime.rounded() / 1000)",
        ]
        let json = "{\(members.joined(separator: ","))}\n"
        return Response("200 OK", type: "application/json", fields: "Cache-Control: no-store\r\n", json)
    }
}
