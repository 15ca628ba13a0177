import Glibc
import Kernel
import Polling
import TestSupport
import Testing

/// The parent of all suites, which run one at a time: they count descriptors, and close some whose numbers must stay
/// free.
@Suite(.serialized) enum Pollers {}

enum PollerKind: String, CaseIterable, CustomTestStringConvertible, Codable, Sendable {
    case epoll, poll, select

    var testDescription: String { rawValue }

    func make() throws -> any Poller {
        switch self {
        case .epoll: try EpollPoller()
        case .poll: PollPoller()
        case .select: SelectPoller()
        }
    }
}

/// Makes a poller for synchronous code.
///
/// Expects that no socket or pipe is left open.
func withPoller(
    _ kind: PollerKind, sourceLocation: SourceLocation = #_sourceLocation, _ body: (any Poller) throws -> Void
) throws {
    let before = OpenSockets.open()
    do {
        let poller = try kind.make()
        defer { poller.close() }
        try body(poller)
    }
    #expect(OpenSockets.left(since: before) == [], "descriptors left open", sourceLocation: sourceLocation)
}

/// One event that a wait reported.
struct Event: Equatable, CustomTestStringConvertible {
    let tag: UInt64
    let readiness: Readiness

    init(_ tag: UInt64, _ readiness: Readiness) {
        self.tag = tag
        self.readiness = readiness
    }

    /// Drops the directions that are not wanted: ends and errors may be reported for both.
    func only(_ wanted: Readiness) -> Event {
        Event(tag, readiness.intersection(wanted))
    }

    var testDescription: String { "\(tag):\(readiness.isReadable ? "r" : "")\(readiness.isWritable ? "w" : "")" }
}

extension Poller {
    /// The events of one wait, sorted by tag.
    ///
    /// Does not wait by default.
    func events(within timeout: Int64 = 0) throws -> [Event] {
        var events: [Event] = []
        try wait(timeout) { events.append(Event($0, $1)) }
        return events.sorted { $0.tag < $1.tag }
    }

    /// Like ``events(within:)``, with the duration in nanoseconds.
    func timedEvents(within timeout: Int64) throws -> (events: [Event], time: Int64) {
        let began = MonotonicClock.now()
        let events = try events(within: timeout)
        return (events, MonotonicClock.now() - began)
    }
}

/// Two connected nonblocking descriptors, closed on deinit.
///
/// Their numbers are high, where nothing else opens descriptors, so that the number of a closed one stays free.
final class Ends {
    private(set) var left: Int32 = -1
    private(set) var right: Int32 = -1

    /// A stream that can be read and written at both ends.
    static func sockets(from lowest: Int32 = 700) throws -> Ends {
        var pair: [Int32] = [-1, -1]
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        try SystemCall.nothing { socketpair(AF_UNIX, Int32(type), 0, &pair) }
        return try Ends(pair, lowest)
    }

    /// A stream that is read from the left and written from the right.
    static func pipe(from lowest: Int32 = 700) throws -> Ends {
        var pair: [Int32] = [-1, -1]
        try SystemCall.nothing { Glibc.pipe(&pair) }
        for descriptor in pair { try SocketCalls.setNonBlocking(descriptor) }
        return try Ends(pair, lowest)
    }

    /// A connection on the loopback network.
    static func connection(from lowest: Int32 = 700) throws -> Ends {
        let (accepted, client) = try Listening().pair()
        let ends = try Ends([accepted.detach(), client.detach()], lowest)
        try SocketCalls.setNonBlocking(ends.right)
        return ends
    }

    private init(_ pair: [Int32], _ lowest: Int32) throws {
        defer { for descriptor in pair { close(descriptor) } }
        left = try SystemCall.value { fcntl(pair[0], F_DUPFD_CLOEXEC, lowest) }
        right = try SystemCall.value { fcntl(pair[1], F_DUPFD_CLOEXEC, lowest) }
    }

    deinit {
        closeLeft()
        closeRight()
    }

    func closeLeft() {
        if left >= 0 { close(left) }
        left = -1
    }

    func closeRight() {
        if right >= 0 { close(right) }
        right = -1
    }

    /// Closes the right end with a reset.
    func resetRight() {
        resetOnClose(right)
        closeRight()
    }

    /// Writes one byte at the right end, for the left one to read.
    func write() {
        #expect(Glibc.write(right, [7], 1) == 1)
    }

    /// Reads everything that is available at the left end.
    func readAll() {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while read(left, &bytes, bytes.count) == bytes.count {}
    }

    /// Writes until the buffers are full.
    static func fill(_ descriptor: Int32) {
        let bytes = [UInt8](repeating: 0, count: 65536)
        for size in [bytes.count, 1] { while Glibc.write(descriptor, bytes, size) > 0 {} }
    }
}
