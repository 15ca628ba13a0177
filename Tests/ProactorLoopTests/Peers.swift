import EventLoops
import Glibc
import Kernel
import ProactorLoop
import Testing

struct PeerTimeout: Error, CustomStringConvertible {
    let description: String
}

/// The other end of a connection: a plain nonblocking socket, asked again and again between the loop's turns.
final class Peer {
    let socket: Socket
    private let loop: ProactorEventLoop

    init(_ socket: Socket, _ loop: ProactorEventLoop) {
        self.socket = socket
        self.loop = loop
    }

    /// Begins to connect; on the loopback network it stands at once.
    init(to address: SocketAddress, _ loop: ProactorEventLoop) throws {
        socket = try Socket(family: address.family)
        self.loop = loop
        do { try socket.connect(to: address) } catch let error where error == .nowInProgress {}
    }

    func send(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        try await again("sent") {
            let count = Array(rest.prefix(1 << 18)).withUnsafeBytes {
                Glibc.send(socket.fileDescriptor, $0.baseAddress, $0.count, noSignal)
            }
            if count < 0 { return try check() }
            rest = rest.dropFirst(count)
            return rest.isEmpty
        }
    }

    /// So many bytes, or fewer if the other end sends no more.
    func receive(_ count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        if count == 0 { return bytes }
        try await again("received \(bytes.count) of \(count)") {
            guard let piece = try take(min(count - bytes.count, 1 << 18)) else { return false }
            bytes += piece
            return piece.isEmpty || bytes.count == count
        }
        return bytes
    }

    func receiveToEnd() async throws -> [UInt8] {
        try await receive(.max)
    }

    /// Sends and receives as much.
    func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
        try await send(bytes)
        return try await receive(bytes.count)
    }

    /// What there is, up to a limit: nil if there is nothing yet, empty at the end.
    func take(_ limit: Int) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(socket.fileDescriptor, &bytes, limit, 0)
        if count < 0 { return try check() ? [] : nil }
        return Array(bytes.prefix(count))
    }

    func finish() {
        shutdown(socket.fileDescriptor, Int32(SHUT_WR))
    }

    func close() {
        socket.close()
    }

    /// Closes so that the other end meets an error.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket.fileDescriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        socket.close()
    }

    private let noSignal = Int32(MSG_NOSIGNAL)

    /// False if the last call has only to be repeated.
    private func check() throws -> Bool {
        guard errno == EAGAIN || errno == EINTR || errno == ENOTCONN else { throw Errno(rawValue: errno) }
        return false
    }

    private func again(_ what: @autoclosure () -> String, _ step: () throws -> Bool) async throws {
        let deadline = loop.time.advanced(by: .seconds(20))
        while try !step() {
            if loop.time >= deadline { throw PeerTimeout(description: "a peer waits: \(what())") }
            try await loop.sleep(for: .milliseconds(1))
        }
    }
}
