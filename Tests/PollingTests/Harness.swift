import Glibc
import Kernel
import Polling
import TestSupport
import Testing

/// Every suite is nested in this one: they count descriptors, and close some whose numbers must stay free.
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

/// Makes a poller for synchronous code; afterwards no socket and no pipe may be left open.
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

/// What one call of the body of a wait is given.
struct Told: Equatable, CustomTestStringConvertible {
    let tag: UInt64
    let readiness: Readiness

    init(_ tag: UInt64, _ readiness: Readiness) {
        self.tag = tag
        self.readiness = readiness
    }

    /// Without what is not wanted, which ends and errors may be told as, too.
    func only(_ wanted: Readiness) -> Told {
        Told(tag, readiness.intersection(wanted))
    }

    var testDescription: String { "\(tag):\(readiness.isReadable ? "r" : "")\(readiness.isWritable ? "w" : "")" }
}

extension Poller {
    /// What one wait tells, by tag; without waiting unless it is told to.
    func told(within timeout: Int64 = 0) throws -> [Told] {
        var told: [Told] = []
        try wait(timeout) { told.append(Told($0, $1)) }
        return told.sorted { $0.tag < $1.tag }
    }

    /// As ``told(within:)``, with the nanoseconds that it took.
    func timedTold(within timeout: Int64) throws -> (told: [Told], time: Int64) {
        let began = MonotonicClock.now()
        let told = try told(within: timeout)
        return (told, MonotonicClock.now() - began)
    }
}

/// Two connected nonblocking descriptors, closed at the end.
///
/// Their numbers are high, where nobody else opens any: when one is closed its number stays free.
final class Ends {
    private(set) var left: Int32 = -1
    private(set) var right: Int32 = -1

    /// A stream of which both ends read and write.
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

    /// A connection of the loopback network.
    static func connection(from lowest: Int32 = 700) throws -> Ends {
        let listener = try Socket(family: .ipv4)
        try listener.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try listener.listen()
        let right = try SocketCalls.open(.ipv4, type: Socket.stream)
        do { try SocketCalls.connect(right, to: listener.localAddress) } catch {
            guard error == .nowInProgress else { throw error }
        }
        var entry = pollfd(fd: listener.fileDescriptor, events: Int16(POLLIN), revents: 0)
        try #require(poll(&entry, 1, 10_000) == 1)
        let ends = try Ends([try listener.accept().socket.detach(), right], lowest)
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

    /// Closes the right end so that the left one finds its connection reset.
    func resetRight() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(right, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        closeRight()
    }

    /// Writes one byte from the right, to be read at the left.
    func write() {
        #expect(Glibc.write(right, [7], 1) == 1)
    }

    /// Takes what can be read at the left.
    func readAll() {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while read(left, &bytes, bytes.count) == bytes.count {}
    }

    /// Writes at one end until nothing more goes in.
    static func fill(_ descriptor: Int32) {
        let bytes = [UInt8](repeating: 0, count: 65536)
        for size in [bytes.count, 1] { while Glibc.write(descriptor, bytes, size) > 0 {} }
    }
}
