import EventLoops
import Glibc
import Kernel
import Synchronization
import TestSupport
import Testing

/// A loop on sockets and a clock that are not the kernel's.
struct DriverSeamTests {
    @Test func timers_followTheGivenClock() async throws {
        try await onThread {
            let time = Atomic<Int64>(1_000)
            // Only this thread reads it.
            try withSimulatedLoop(clock: LoopClock { time.load(ordering: .relaxed) }) { loop, _ in
                #expect(loop.time.nanoseconds == 1_000)
                var calls: [Int] = []
                loop.callLater(.seconds(3_600)) {
                    calls.append(2)
                    loop.stop()
                }
                loop.callSoon {
                    calls.append(1)
                    time.add(3_600_000_000_000, ordering: .relaxed)
                }
                try loop.runForever()
                #expect(calls == [1, 2])
                #expect(loop.time.nanoseconds == 3_600_000_001_000)
            }
        }
    }

    @Test func server_usesTheGivenSockets_andClosesThemIfOneFails() async throws {
        try await onThread {
            let sockets = ScriptedSockets(failing: "bind", number: 2, with: .permissionDenied)
            try withSimulatedLoop(sockets: sockets) { loop, _ in
                do {
                    try loop.runUntilComplete {
                        _ = try await loop.createServer(host: ["127.0.0.1", "127.0.0.2"], port: 80) { Nothing() }
                    }
                    Issue.record("a server was made")
                } catch let error as EventLoopError {
                    #expect(error.operation == "bind" && error.errno == .permissionDenied)
                    #expect(error.address == "127.0.0.2:80")
                }
            }
            #expect(
                sockets.calls.filter { !$0.hasPrefix("setOption") } == [
                    "open 1000", "bind 1000 127.0.0.1:80", "open 1001", "bind 1001 127.0.0.2:80", "close 1001",
                    "close 1000",
                ])
        }
    }

    @Test func server_listensAndTellsItsAddress_throughTheGivenSockets() async throws {
        try await onThread {
            let sockets = ScriptedSockets(failing: "listen", number: 1, with: .notSupported)
            try withSimulatedLoop(sockets: sockets) { loop, _ in
                try loop.runUntilComplete {
                    let server = try await loop.createServer(
                        host: ["127.0.0.1"], port: 80, startServing: false
                    ) { Nothing() }
                    #expect(server.port == 80)
                    #expect(server.sockets.map(\.fileDescriptor) == [1_000])
                    #expect(throws: EventLoopError.self) { try server.startServing() }
                    server.close()
                }
            }
            #expect(sockets.calls.suffix(2) == ["listen 1000", "close 1000"])
        }
    }

    /// Another thread may close a socket after it was checked.
    @Test func socketThatIsClosedWhileItIsHandedOver_isRefused() async throws {
        try await onThread {
            for count in 1...2 {
                let (one, other) = try Socket.pair()
                let (first, last) = (one.fileDescriptor, other.fileDescriptor)
                let sockets = ScriptedSockets(failing: "none", number: 0, with: .notSupported) {
                    if $0 == last { other.close() }
                }
                try withSimulatedLoop(sockets: sockets) { loop, _ in
                    let error = #expect(throws: EventLoopError.self) {
                        try loop.runUntilComplete {
                            if count == 1 { return try await loop.createServer(socket: other) { Nothing() } }
                            return try await loop.createServer(sockets: [one, other]) { Nothing() }
                        }
                    }
                    #expect(error?.code == .invalidArgument)
                }
                // The sockets that were handed over before it are closed.
                #expect(sockets.calls == (count == 1 ? [] : ["close \(first)"]))
                if count == 2 { Socket(takingOwnershipOf: first).close() }
            }
        }
    }

    @Test func connection_usesTheGivenSockets() async throws {
        try await onThread {
            let sockets = ScriptedSockets(failing: "open", number: 1, with: .tooManyOpenFiles)
            try withSimulatedLoop(sockets: sockets) { loop, _ in
                try loop.runUntilComplete {
                    for expected in [EventLoopError.Code.system, .notSupported] {
                        do {
                            _ = try await loop.createConnection(host: "127.0.0.1", port: 80) { Nothing() }
                            Issue.record("connected")
                        } catch let error as EventLoopError { #expect(error.code == expected) }
                    }
                }
            }
            #expect(sockets.calls == ["open 1000", "open 1000", "close 1000"])
        }
    }
}

/// A protocol that does nothing.
private final class Nothing: StreamProtocol {
    func dataReceived(_ data: RawSpan) {}
}

/// Sockets that exist only as numbers; one call of one kind fails.
private final class ScriptedSockets: SocketSystem {
    private struct State {
        var calls: [String] = []
        var seen = 0
        var open: [Int32: SocketAddress?] = [:]
    }

    private let state = Locked(State())
    private let failing: (call: String, number: Int, errno: Errno)

    /// Called with the descriptor of each socket that is made non-blocking.
    private let onNonBlocking: @Sendable (Int32) -> Void

    init(
        failing call: String, number: Int, with errno: Errno,
        onNonBlocking: @escaping @Sendable (Int32) -> Void = { _ in }
    ) {
        failing = (call, number, errno)
        self.onNonBlocking = onNonBlocking
    }

    var calls: [String] { state.value.calls }

    private func note(_ call: String, _ rest: String) throws(Errno) {
        let fails = state.update { state in
            state.calls.append("\(call) \(rest)")
            guard call == failing.call else { return false }
            state.seen += 1
            return state.seen == failing.number
        }
        if fails { throw failing.errno }
    }

    func open(_ family: AddressFamily, type: Int32, protocol: Int32) throws(Errno) -> Int32 {
        let number = state.update { state in
            var number: Int32 = 1_000
            while state.open[number] != nil { number += 1 }
            return number
        }
        try note("open", "\(number)")
        state.update { $0.open[number] = .some(nil) }
        return number
    }

    func close(_ descriptor: Int32) throws(Errno) {
        try note("close", "\(descriptor)")
        state.update { $0.open[descriptor] = nil }
    }

    func bind(_ descriptor: Int32, to address: SocketAddress) throws(Errno) {
        try note("bind", "\(descriptor) \(address)")
        state.update { $0.open[descriptor] = .some(address) }
    }

    func listen(_ descriptor: Int32, backlog: Int) throws(Errno) {
        try note("listen", "\(descriptor)")
    }

    func hasForeignListener(at address: SocketAddress) -> Bool {
        false
    }

    func setOption(_ descriptor: Int32, level: Int32, name: Int32, _ value: Int32) throws(Errno) {
        try note("setOption", "\(descriptor) \(name)")
    }

    func localAddress(_ descriptor: Int32) throws(Errno) -> SocketAddress {
        guard let address = state.value.open[descriptor] ?? nil else { throw .badFileDescriptor }
        return address
    }

    func isOpen(_ descriptor: Int32) -> Bool { state.value.open[descriptor] != nil }
    func isStream(_ descriptor: Int32) -> Bool { true }
    func setNonBlocking(_ descriptor: Int32) throws(Errno) { onNonBlocking(descriptor) }
    func option(_ descriptor: Int32, level: Int32, name: Int32) throws(Errno) -> Int32 { 0 }
    func connect(_ descriptor: Int32, to address: SocketAddress) throws(Errno) {}
    func pendingError(_ descriptor: Int32) throws(Errno) -> Errno? { nil }
    func peerAddress(_ descriptor: Int32) throws(Errno) -> SocketAddress { throw .notConnected }
    func isNonBlocking(_ descriptor: Int32) throws(Errno) -> Bool { true }
    func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int { 0 }
    func receiveFrom(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> (count: Int, address: SocketAddress) { throw .notConnected }
    func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int { bytes.count }
    func sendTo(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, to address: SocketAddress
    ) throws(Errno) -> Int { bytes.count }
    func accept(_ descriptor: Int32) throws(Errno) -> (descriptor: Int32, address: SocketAddress) {
        throw .resourceTemporarilyUnavailable
    }
}

extension ScriptedSockets {
    func receiveMessages(_ descriptor: Int32, into list: MessageList, count: Int) throws(Errno) -> Int { 0 }
    func isShutDownForReading(_ descriptor: Int32) -> Bool { false }
    func discardQueuedError(_ descriptor: Int32) {}
    func sendMessages(_ descriptor: Int32, _ list: MessageList, _ part: Range<Int>) throws(Errno) -> Int { 0 }
    func option(_ descriptor: Int32, level: Int32, name: Int32, bytes count: Int) throws(Errno) -> [UInt8] { [] }
    func setOption(_ descriptor: Int32, level: Int32, name: Int32, bytes: [UInt8]) throws(Errno) {}
    func fileStatus(_ path: [UInt8]) throws(Errno) -> SocketFile.Status { throw .noSuchFileOrDirectory }
    func removeFile(_ path: [UInt8]) throws(Errno) { throw .noSuchFileOrDirectory }
    func setFilePermissions(_ path: [UInt8], _ permissions: UInt32) throws(Errno) {}
    func limitFilePermissions(of descriptor: Int32, _ permissions: UInt32) throws(Errno) {}
    func shutdownWriting(_ descriptor: Int32) throws(Errno) {}
    func dropUnread(_ descriptor: Int32, into memory: UnsafeMutableRawBufferPointer) {}

    func send(
        _ descriptor: Int32, _ vectors: UnsafeMutableRawPointer, count: Int, descriptors: [Int32]
    ) throws(Errno) -> Int {
        throw .notConnected
    }

    func receiveDescriptors(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> DescriptorArrival {
        throw .notConnected
    }
}

/// Makes a loop on the calling thread, gives it to `body` and closes it.
private func withSimulatedLoop(
    sockets: any SocketSystem = KernelSockets.shared, clock: LoopClock = .monotonic,
    _ body: (FakeLoop, FakeDriver) throws -> Void
) throws {
    let loop = try FakeLoop(sockets: sockets, clock: clock)
    defer { #expect(throws: Never.self) { try loop.close() } }
    try body(loop, loop.driver)
}
