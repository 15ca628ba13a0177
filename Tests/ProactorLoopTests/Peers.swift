import EventLoops
import Glibc
import Kernel
import ProactorLoop
import TestSupport
import Testing

struct PeerTimeout: Error, CustomStringConvertible {
    let description: String
}

/// The other end of a connection: a plain nonblocking socket, polled between the loop's turns.
final class Peer {
    let socket: Socket
    private let loop: ProactorEventLoop

    init(_ socket: Socket, _ loop: ProactorEventLoop) {
        self.socket = socket
        self.loop = loop
    }

    /// Starts to connect; on the loopback network the connection is established at once.
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

    /// Receives `count` bytes, or fewer if the stream ends first.
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

    /// Sends the bytes, and receives the same number.
    func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
        try await send(bytes)
        return try await receive(bytes.count)
    }

    /// Receives what is available, up to a limit: nil if there is nothing yet, empty at the end.
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

    /// Closes the connection with a reset.
    func reset() {
        resetOnClose(socket.fileDescriptor)
        socket.close()
    }

    private let noSignal = Int32(MSG_NOSIGNAL)

    /// False if the last call has to be repeated; throws its error otherwise.
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
