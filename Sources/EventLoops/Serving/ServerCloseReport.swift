/// What happened to a server's connections while it closed; returned by ``Server/close(deadline:)``.
public struct ServerCloseReport: Hashable, Sendable, CustomStringConvertible {
    /// The number of connections that ended by themselves before the deadline.
    public let drained: Int
    /// The number of connections that were aborted because they were still open at the deadline.
    public let aborted: Int
    /// The number of bytes that were waiting to be sent on the aborted connections, and were dropped.
    public let unsentBytes: Int
    /// The number of connections that were accepted but closed without having been served.
    public let refused: Int
    /// How long closing took.
    public let duration: Duration

    /// The numbers, as text.
    public var description: String {
        "<ServerCloseReport drained=\(drained) aborted=\(aborted) unsentBytes=\(unsentBytes) refused=\(refused) "
            + "duration=\(duration)>"
    }
}

extension ServerCloseReport {
    /// The report of several servers that closed at the same time.
    init(sumOf reports: [ServerCloseReport]) {
        self.init(
            drained: reports.reduce(0) { $0 + $1.drained }, aborted: reports.reduce(0) { $0 + $1.aborted },
            unsentBytes: reports.reduce(0) { $0 + $1.unsentBytes }, refused: reports.reduce(0) { $0 + $1.refused },
            duration: reports.map(\.duration).max() ?? .zero)
    }
}

/// Running totals of a server, from which reports are made.
struct ServerTotals {
    /// The connections that were lost, for whatever reason.
    var lost = 0
    /// The connections that a deadline aborted.
    var aborted = 0
    var unsentBytes = 0
    var refused = 0

    /// The report about what has happened since earlier totals.
    func report(since earlier: ServerTotals, took duration: Duration) -> ServerCloseReport {
        let aborted = aborted - earlier.aborted
        return ServerCloseReport(
            drained: max(0, lost - earlier.lost - aborted), aborted: aborted,
            unsentBytes: unsentBytes - earlier.unsentBytes, refused: refused - earlier.refused, duration: duration)
    }
}
