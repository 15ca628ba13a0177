import CUring
import Glibc
import Kernel

/// A functional test that detects what no probe reports: sandboxes and old kernels that allow a ring but not its use.
///
/// Set-up may be allowed while enter or register is denied; a kernel may support RECV but not its multishot flag. The
/// test therefore performs a loop's usual operations once, on a small ring of its own. It takes well below a
/// millisecond, leaves no descriptor open, and each step times out after two seconds.
package enum SelfTest {
    /// The findings of a test that has passed.
    package struct Findings: Sendable {
        /// Whether the kernel may miss the end of a connection that arrives right after bytes.
        package var forgetsEnds: Bool
        /// Optional operations that the probe reports but the kernel or a policy refuses.
        package var refused: [OperationKind]
    }

    /// Runs the test on the calling thread.
    ///
    /// - Parameter configuration: The ring to use; tests make its kernel pretend to lack features.
    /// - Throws: ``RingError`` for the system call that failed, or for "self-test: " and the step that failed.
    @discardableResult
    package static func run(
        _ configuration: RingConfiguration = RingConfiguration(entries: 16, completionEntries: 64)
    ) throws(RingError) -> Findings {
        let ring = try Ring(configuration)
        defer { ring.close() }
        try ring.enable()
        if let missing = ring.features.missingOperations.first {
            throw RingError(operation: "self-test: \(missing.name)", errno: Errno(rawValue: ENOSYS))
        }
        let trial = SelfTestTrial(ring)
        try trial.accepts()
        try trial.receivesAndSends()
        return Findings(forgetsEnds: try trial.forgetsEnds(), refused: try trial.refusedOperations())
    }
}

/// The steps of the test.
final class SelfTestTrial {
    let ring: Ring

    init(_ ring: Ring) {
        self.ring = ring
    }

    /// Tests multishot accept: two connections from one entry, then its cancellation.
    func accepts() throws(RingError) {
        let listener = try Self.makeListener()
        defer { close(listener) }
        let accepting = SelfTestOperation(ring, "multishot accept")
        accepting.tag = ring.acceptMultishot(listener, for: accepting)
        for _ in 1...2 {
            let client = try Self.connect(to: listener)
            defer { close(client) }
            let (accepted, flags) = try accepting.completion()
            guard accepted >= 0 else { throw accepting.failure(-accepted) }
            close(accepted)
            guard flags.hasMore else { throw accepting.failure(EPROTO) }
        }
        try accepting.cancel()
    }

    /// Tests send and multishot receive, with more bytes than a provided buffer holds, and cancels the receive.
    func receivesAndSends() throws(RingError) {
        let buffers = try BufferRing(ring: ring, group: 0, count: 8, size: 64)
        defer { buffers.unregister() }
        let (left, right) = try Self.makePair()
        defer {
            close(left)
            close(right)
        }
        let message = (0..<100).map { UInt8($0) }
        let receiving = SelfTestOperation(ring, "multishot receive")
        receiving.tag = ring.receiveMultishot(left, group: 0, for: receiving)
        try send(message, to: right)
        guard try received(message.count, by: receiving, into: buffers) == message else {
            throw receiving.failure(EPROTO)
        }
        try receiving.cancel()
    }

    private func send(_ message: [UInt8], to socket: Int32) throws(RingError) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: message.count)
        defer { copy.deallocate() }
        _ = copy.initialize(from: message)
        let sending = SelfTestOperation(ring, "send")
        sending.tag = ring.send(socket, from: copy.baseAddress!, count: copy.count, for: sending)
        let (sent, _) = try sending.completion()
        guard sent == Int32(message.count) else { throw sending.failure(sent < 0 ? -sent : EPROTO) }
    }

    /// Collects `count` bytes from provided buffers.
    private func received(
        _ count: Int, by receiving: SelfTestOperation, into buffers: BufferRing
    ) throws(RingError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let (result, flags) = try receiving.completion()
            guard result > 0 else { throw receiving.failure(result < 0 ? -result : EPROTO) }
            guard flags.hasMore, flags.hasBuffer else { throw receiving.failure(EPROTO) }
            bytes += UnsafeRawBufferPointer(start: buffers.address(of: flags.buffer), count: Int(result))
            buffers.give(flags.buffer)
            buffers.publish()
        }
        return bytes
    }

    /// Returns the optional operations that a policy refuses.
    ///
    /// The kernel applies the policy before it checks the arguments, so an entry with an invalid descriptor is enough.
    func refusedOperations() throws(RingError) -> [OperationKind] {
        let optional = OperationKind.allCases.filter { !$0.isRequired && ring.features.supports($0) }
        let trials = optional.map { SelfTestOperation(ring, $0.name) }
        for (kind, trial) in zip(optional, trials) { trial.tag = ring.tryRefusal(of: kind, for: trial) }
        var refused: [OperationKind] = []
        for (kind, trial) in zip(optional, trials) {
            let (result, _) = try trial.completion()
            if result == -EACCES || result == -EOPNOTSUPP || result == -EPERM { refused.append(kind) }
        }
        return refused
    }
}

/// Sockets for the test, which need neither a network nor a file system.
extension SelfTestTrial {
    private static func failure(_ step: String, _ errno: Int32) -> RingError {
        RingError(operation: "self-test: \(step)", errno: Errno(rawValue: errno))
    }

    /// Makes a listening UNIX socket, with a name that the kernel chooses.
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

    /// Connects to a listening UNIX socket, which succeeds at once while its backlog is not full.
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
