import Proactor

/// Figures about the server, for `/stats`.
final class Stats {
    var connections = 0
    var requests = 0

    private let loop: any AbstractEventLoop
    private let began: LoopInstant

    init(loop: any AbstractEventLoop) {
        self.loop = loop
        began = loop.time
    }

    /// The figures as JSON.
    func response() -> Response {
        let figures = loop.statistics
        let uptime = began.duration(to: loop.time) / .milliseconds(1)
        let members = [
            "\"backend\":\"\(loop.backend)\"",
            "\"connections\":\(figures.connections)",
            "\"connections_total\":\(connections)",
            "\"requests\":\(requests)",
            "\"loop_lag_us\":\(Int(figures.lag / .microseconds(1)))",
            "\"loop_lag_max_us\":\(Int(figures.worstLag / .microseconds(1)))",
            "\"loop_turns\":\(figures.turns)",
            "\"operations_in_flight\":\(figures.operationsInFlight)",
            "\"uptime_s\":\(uptime.rounded() / 1000)",
        ]
        let json = "{\(members.joined(separator: ","))}\n"
        return Response("200 OK", type: "application/json", fields: "Cache-Control: no-store\r\n", json)
    }
}
