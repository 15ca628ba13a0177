import EventLoops
import Glibc
import Kernel
import Synchronization
import TestSupport

/// A recorder that counts the bytes and keeps none.
func discarding(_ loop: any AbstractEventLoop) -> StreamRecorder {
    let recorder = StreamRecorder(loop)
    recorder.keepsBytes = false
    return recorder
}

/// A client whose thread sends as fast as it can.
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
