import CUring
import Glibc
import Kernel

/// A functional test of what no probe tells: sandboxes and old kernels that take a ring but not its use.
///
/// Set-up may be allowed while entering or registering is not; a kernel may know RECV but not its multishot flag. So
/// this does, on a small ring of its own, once what a loop does all the time. It takes well below a millisecond, leaves
/// no descriptor, and each step gives up after two seconds.
package enum SelfTest {
    /// Runs it on the calling thread.
    ///
    /// - Parameter configuration: The ring to try with; tests let its kernel pretend to lack things.
    /// - Returns: Whether this kernel may forget the end of a connection that comes right behind bytes.
    /// - Throws: ``RingError`` of the failing system call, or of "self-test: " and the failing step.
    @discardableResult
    package static func run(
        _ configuration: RingConfiguration = RingConfiguration(entries: 16, completionEntries: 64)
    ) throws(RingError) -> Bool {
        let ring = try Ring(configuration)
        defer { ring.close() }
        try ring.enable()
        for kind in OperationKind.allCases where !ring.features.supports(kind) {
            throw RingError(operation: "self-test: \(kind.name)", errno: Errno(rawValue: ENOSYS))
        }
        let trial = SelfTestTrial(ring)
        try trial.accepts()
        try trial.receivesAndSends()
        return try trial.forgetsEnds()
    }
}

/// The steps, and the completions that they wait for.
final class SelfTestTrial {
    typealias Completion = (tag: UInt64, result: Int32, flags: UInt32)

    private static let accepting: UInt64 = 1
    static let receiving: UInt64 = 2
    private static let sending: UInt64 = 3

    let ring: Ring
    private var completions: [Completion] = []

    init(_ ring: Ring) {
        self.ring = ring
    }

    /// Multishot accept: two connections with one entry, then its cancel.
    func accepts() throws(RingError) {
        let listener = try Self.makeListener()
        defer { close(listener) }
        ring.acceptMultishot(listener, tag: Self.accepting)
        for _ in 1...2 {
            let client = try Self.connect(to: listener)
            defer { close(client) }
            let (_, accepted, flags) = try completion(of: Self.accepting, in: "multishot accept")
            guard accepted >= 0 else { throw Self.failure("multishot accept", -accepted) }
            close(accepted)
            guard flags & IORING_CQE_F_MORE != 0 else { throw Self.failure("multishot accept", EPROTO) }
        }
        try cancel(Self.accepting, in: "cancel of accept")
    }

    /// Multishot receive: more bytes than a provided buffer holds, sent through the ring, and its cancel.
    func receivesAndSends() throws(RingError) {
        let buffers = try BufferRing(ring: ring, group: 0, count: 8, size: 64)
        defer { buffers.unregister() }
        let (left, right) = try Self.makePair()
        defer {
            close(left)
            close(right)
        }
        let message = (0..<100).map { UInt8($0) }
        ring.receiveMultishot(left, group: 0, tag: Self.receiving)
        try send(message, to: right)
        guard try received(message.count, into: buffers) == message else {
            throw Self.failure("multishot receive", EPROTO)
        }
        try cancel(Self.receiving, in: "cancel of receive")
    }

    private func send(_ message: [UInt8], to socket: Int32) throws(RingError) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: message.count)
        defer { copy.deallocate() }
        _ = copy.initialize(from: message)
        ring.send(socket, from: copy.baseAddress!, count: copy.count, tag: Self.sending)
        let (_, sent, _) = try completion(of: Self.sending, in: "send")
        guard sent == Int32(message.count) else { throw Self.failure("send", sent < 0 ? -sent : EPROTO) }
    }

    /// Gathers what arrives in provided buffers until it is `count` bytes.
    private func received(_ count: Int, into buffers: BufferRing) throws(RingError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let (_, result, flags) = try completion(of: Self.receiving, in: "multishot receive")
            guard result > 0 else { throw Self.failure("multishot receive", result < 0 ? -result : EPROTO) }
            let wanted = IORING_CQE_F_MORE | IORING_CQE_F_BUFFER
            guard flags & wanted == wanted else { throw Self.failure("multishot receive", EPROTO) }
            let identifier = CompletionFlags(rawValue: flags).buffer
            bytes += UnsafeRawBufferPointer(start: buffers.address(of: identifier), count: Int(result))
            buffers.give(identifier)
            buffers.publish()
        }
        return bytes
    }

    /// Cancels an operation and waits for its last completion, whatever its result: kernels differ about that.
    func cancel(_ victim: UInt64, in step: String) throws(RingError) {
        ring.cancel(victim)
        while true {
            let (_, _, flags) = try completion(of: victim, in: step)
            if flags & IORING_CQE_F_MORE == 0 { return }
        }
    }

    /// The oldest completion of an operation, waiting for it.
    private func completion(of tag: UInt64, in step: String) throws(RingError) -> Completion {
        let deadline = MonotonicClock.now() + 2_000_000_000
        guard let completion = try completion(of: tag, until: deadline) else { throw Self.failure(step, ETIMEDOUT) }
        return completion
    }

    /// As above; nil if none comes in time.
    func completion(of tag: UInt64, until deadline: Int64) throws(RingError) -> Completion? {
        while true {
            if let index = completions.firstIndex(where: { $0.tag == tag }) { return completions.remove(at: index) }
            guard MonotonicClock.now() < deadline else { return nil }
            try ring.enter(.until(deadline))
            ring.reap { tag, result, flags in completions.append((tag, result, flags)) }
        }
    }
}

/// Sockets to try with, which need neither a network nor a file system.
extension SelfTestTrial {
    private static func failure(_ step: String, _ errno: Int32) -> RingError {
        RingError(operation: "self-test: \(step)", errno: Errno(rawValue: errno))
    }

    /// A listening UNIX socket, whose name the kernel makes up when it is bound to none.
    private static func makeListener() throws(RingError) -> Int32 {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw failure("listener", errno) }
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNIX)
        guard bind(listener, &address, socklen_t(MemoryLayout<sa_family_t>.size)) == 0, listen(listener, 4) == 0 else {
            let reason = errno
            close(listener)
            throw failure("listener", reason)
        }
        return listener
    }

    /// A connection to a listening UNIX socket, which is made at once while its backlog has room.
    private static func connect(to listener: Int32) throws(RingError) -> Int32 {
        let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard client >= 0 else { throw failure("client", errno) }
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isConnected = withUnsafeMutableBytes(of: &address) { bytes in
            let generic = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
            return getsockname(listener, generic, &length) == 0 && Glibc.connect(client, generic, length) == 0
        }
        if isConnected { return client }
        let reason = errno
        close(client)
        throw failure("client", reason)
    }

    private static func makePair() throws(RingError) -> (Int32, Int32) {
        var pair: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { throw failure("socket pair", errno) }
        return (pair[0], pair[1])
    }
}
