import Proactor

/// What the service demands of a connection.
protocol ServiceClient: AnyObject {
    /// Called once a second.
    func checkDeadline()
    /// The server is stopping: a request in flight is still answered.
    func stop()
}

/// What all connections share: routes, the buffer of answers, the clock of the timeouts, shutdown.
final class Service {
    let options: Options
    let stats: Stats
    let output = ResponseBuffer()
    /// Seconds since the start, counted by one timer for all connections, so that moving a deadline costs nothing.
    private(set) var now = 0
    private(set) var isStopping = false

    private let loop: any AbstractEventLoop
    private var connections: [ObjectIdentifier: any ServiceClient] = [:]
    private var ticker: TimerHandle?

    init(loop: any AbstractEventLoop, options: Options) {
        self.loop = loop
        self.options = options
        stats = Stats(loop: loop)
    }

    func begin() {
        tick()
    }

    private func tick() {
        ticker = loop.callLater(.seconds(1)) { [unowned self] in
            now += 1
            output.refreshDate()
            for connection in connections.values { connection.checkDeadline() }
            tick()
        }
    }

    /// Closes idle connections; those with a request in flight close after the answer.
    func stop() {
        isStopping = true
        for connection in connections.values { connection.stop() }
    }

    /// Call when the last connection is closed.
    func end() {
        ticker?.cancel()
    }

    // MARK: Connections

    func add(_ connection: any ServiceClient) {
        connections[ObjectIdentifier(connection)] = connection
        stats.connections += 1
    }

    func remove(_ connection: any ServiceClient) {
        connections[ObjectIdentifier(connection)] = nil
    }

    // MARK: Requests

    /// Appends the answer to the buffer.
    func answer(_ method: Method, target: RawSpan, body: RawSpan, _ persistence: Persistence) {
        stats.requests += 1
        switch (Route(target: target), method) {
        case (.hello, .get): output.append(.hello, persistence)
        case (.hello, .head): output.append(.hello, persistence, withoutBody: true)
        case (.echo, .post): output.appendEcho(of: body, persistence)
        case (.stats, .get): output.append(stats.response(), persistence)
        case (.stats, .head): output.append(stats.response(), persistence, withoutBody: true)
        case (.echo, _): output.append(.onlyPost, persistence, withoutBody: method == .head)
        case (.hello, _), (.stats, _): output.append(.onlyGet, persistence)
        case (nil, _): output.append(.notFound, persistence, withoutBody: method == .head)
        }
    }
}
