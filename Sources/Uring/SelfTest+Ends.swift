import CUring
import Glibc
import Kernel

extension SelfTestTrial {
    /// Whether the kernel may miss the end of a connection that arrives right after bytes.
    ///
    /// Linux did so until 2026 (CVE-2026-23473): a multishot receive woken by both events delivers the bytes and never
    /// reports the end. The test uses a reset on the loopback network, because TCP itself remembers a `FIN`. If no such
    /// connection can be made, the kernel is assumed to be affected.
    func forgetsEnds() throws(RingError) -> Bool {
        guard let (left, right) = try? Self.makeConnection() else { return true }
        defer { left.close() }
        let buffers = try BufferRing(ring: ring, group: 0, count: 8, size: 64)
        defer { buffers.unregister() }
        let receiving = SelfTestOperation(ring, "multishot receive of an end")
        receiving.tag = ring.receiveMultishot(left.fileDescriptor, group: 0, for: receiving)
        try ring.enter(.none)
        write(right.fileDescriptor, "bytes", 5)
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(right.fileDescriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        right.close()
        // Both events have already happened, so a short timeout is enough.
        let deadline = MonotonicClock.now() + 2_000_000
        while let (_, flags) = try receiving.completion(until: deadline) {
            if !flags.hasMore { return false }
        }
        try receiving.cancel()
        return true
    }

    /// Makes a TCP connection on the loopback network and returns both ends.
    private static func makeConnection() throws(Errno) -> (Socket, Socket) {
        let listener = try Socket(family: .ipv4)
        try listener.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try listener.listen(backlog: 1)
        let client = try Socket(family: .ipv4)
        do throws(Errno) {
            try client.connect(to: listener.localAddress)
        } catch {
            guard error == .nowInProgress else { throw error }
        }
        return (try listener.accept().socket, client)
    }
}
