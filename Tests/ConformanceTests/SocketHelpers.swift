import EventLoops
import Glibc
import Kernel
import ProactorLoop
import ProactorTesting
import TestSupport
import Testing
import Uring

/// The loops on which operations on sockets are tested: every kind, and a ring that emulates what can be emulated.
enum SocketLoop: CaseIterable, CustomTestStringConvertible, Sendable {
    case kind(LoopKind)
    case emulating

    static let allCases: [SocketLoop] = LoopKind.allCases.map { .kind($0) } + onEmulatingRing

    #if DEBUG
        private static let onEmulatingRing: [SocketLoop] = LoopKind.onRing.isEmpty ? [] : [.emulating]
    #else
        private static let onEmulatingRing: [SocketLoop] = []
    #endif

    var testDescription: String {
        switch self {
        case .kind(let kind): kind.rawValue
        case .emulating: "proactor without connect, accept and recvmsg"
        }
    }

    var isOnRing: Bool {
        if case .kind(let kind) = self { kind == .proactor } else { true }
    }

    func make() throws -> any AbstractEventLoop {
        switch self {
        case .kind(let kind): return try kind.make()
        case .emulating:
            var configuration = ProactorConfiguration()
            #if DEBUG
                configuration.pretence.refusedOperations = [.connect, .accept, .receiveMessage]
            #endif
            return try ProactorEventLoop(configuration: configuration)
        }
    }
}

/// Runs code as a task of a loop; expects that no operation, descriptor or exception is left.
func runLoop(
    _ kind: SocketLoop, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop) async throws -> Void
) async throws {
    let check = LoopCheck(make: { try kind.make() }, settle: { try $0.settle() })
    try await withCheckedLoop(check, sourceLocation: sourceLocation) { loop, _ in
        try loop.runUntilComplete { try await body(loop) }
    }
}

/// The kinds of stream socket.
enum StreamKind: CaseIterable, Sendable {
    case tcp, unix

    /// Two connected sockets.
    func pair() throws -> (Socket, Socket) {
        guard self == .tcp else { return try Socket.pair() }
        let listener = try RawListener()
        let one = try Socket(family: .ipv4)
        do { try one.connect(to: listener.address) } catch { guard error == .nowInProgress else { throw error } }
        return (one, try listener.acceptSocket())
    }
}

extension Socket {
    /// A datagram socket that is bound to a free port of the loopback interface.
    static func boundDatagram() throws -> Socket {
        let socket = try Socket(family: .ipv4, type: Socket.datagram)
        try socket.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        return socket
    }

    /// A listening socket at a free port of the loopback interface.
    static func listening() throws -> Socket {
        let socket = try Socket(family: .ipv4)
        try socket.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try socket.listen()
        return socket
    }

    /// Sends bytes with a system call that does not wait.
    func sendNow(_ bytes: [UInt8]) throws {
        let count = try bytes.withUnsafeBytes { try SocketCalls.send(fileDescriptor, $0, waits: false) }
        #expect(count == bytes.count)
    }

    /// Receives with a system call that does not wait; nil if there is nothing, empty at the end of the stream.
    func receiveNow(_ count: Int = 100) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        do {
            let length = try bytes.withUnsafeMutableBytes {
                try SocketCalls.receive(fileDescriptor, into: $0, waits: false)
            }
            return Array(bytes.prefix(length))
        } catch {
            guard error as? Errno == .resourceTemporarilyUnavailable else { throw error }
            return nil
        }
    }
}

/// Memory for calls that receive into memory of the caller.
final class ReceiveMemory: Sendable {
    nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

    init(_ count: Int) {
        bytes = .allocate(byteCount: count, alignment: 1)
        for index in 0..<count { bytes[index] = 0xEE }
    }

    deinit {
        bytes.deallocate()
    }

    func prefix(_ count: Int) -> [UInt8] { Array(bytes.prefix(count)) }

    /// Whether nothing was written.
    var isUntouched: Bool { bytes.allSatisfy { $0 == 0xEE } }
}

extension AbstractEventLoop {
    /// Receives an exact number of bytes, or fewer at the end of the stream.
    func receiveExactly(_ socket: Socket, _ count: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let piece = try await sockRecv(socket, min(count - all.count, 1 << 18))
            if piece.isEmpty { break }
            all += piece
        }
        return all
    }
}

/// Expects that a call on a closed socket fails, and that the error names the call and the remedy.
func expectSocketEnded<Value>(
    _ task: LoopTask<Value>, _ operation: String, sourceLocation: SourceLocation = #_sourceLocation
) async {
    do {
        let value = try await task.value
        Issue.record("the task returned \(value)", sourceLocation: sourceLocation)
    } catch {
        let error = error as? EventLoopError
        #expect(error?.code == .closed && error?.errno == .badFileDescriptor, sourceLocation: sourceLocation)
        #expect(error?.operation == operation, sourceLocation: sourceLocation)
        #expect(error?.detail.isEmpty == false, sourceLocation: sourceLocation)
    }
}
