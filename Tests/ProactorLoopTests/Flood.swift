import EventLoops
import Glibc
import Kernel
import Synchronization

/// Counts what comes and keeps none of it.
final class Discarding: Recorder {
    private(set) var count = 0

    override func dataReceived(_ data: RawSpan) {
        count += data.byteCount
    }
}

/// A connection on which a thread sends as fast as it can.
final class Flood: Sendable {
    private let mustEnd = Atomic(false)
    private let hasEnded = Atomic(false)

    init(to address: SocketAddress) {
        _ = DetachedThread.start(name: "flood") { self.run(address) }
    }

    private func run(_ address: SocketAddress) {
        defer { hasEnded.store(true, ordering: .releasing) }
        guard let socket = try? Socket(family: address.family) else { return }
        try? socket.connect(to: address)
        let bytes = [UInt8](repeating: 7, count: 64 * 1024)
        while !mustEnd.load(ordering: .relaxed) {
            if send(socket.fileDescriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0 {
                guard errno == EAGAIN || errno == EINTR || errno == ENOTCONN else { return }
                sched_yield()
            }
        }
    }

    func end() {
        mustEnd.store(true, ordering: .relaxed)
    }
}
