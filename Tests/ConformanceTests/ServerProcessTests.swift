import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Servers that share an address or a socket with another process.
    @Suite struct ServerProcesses {
        /// Otherwise a restarted program would get only some of the connections, and a forgotten old process the
        /// others.
        @Test(arguments: LoopKind.allCases)
        func createServer_refusesToShareItsPort_withAnotherProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                let foreign = try Socket(family: .ipv4)
                try foreign.setOption(SO_REUSEPORT, level: SOL_SOCKET, to: 1)
                try foreign.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
                try foreign.listen()
                let address = try foreign.localAddress
                let child = try startChild { pause() }
                foreign.close()
                try await runLoop(kind) { loop, _ in
                    let port = try #require(address.port)
                    func serve(sharing: Bool, host: String = "127.0.0.1") async throws -> Server {
                        try await loop.createServer(
                            host: host, port: port, reusePort: true, sharesWithOtherProcesses: sharing,
                            addressInUseTimeout: .milliseconds(5)
                        ) { StreamRecorder(loop) }
                    }
                    for host in ["127.0.0.1", "0.0.0.0"] {
                        let error = try await loopError { try await serve(sharing: false, host: host) }
                        #expect(error.code == .addressShared && error.errno == .addressInUse)
                        #expect(error.address == "\(host):\(port)")
                        #expect(error.description.contains("pass sharesWithOtherProcesses"))
                    }
                    let elsewhere = try await serve(sharing: false, host: "127.0.0.2")
                    elsewhere.close()
                    let shared = try await serve(sharing: true)
                    #expect(shared.port == port)
                    shared.close()
                    kill(child, SIGKILL)
                    waitpid(child, nil, 0)
                    // Now both sockets belong to this process.
                    let one = try await serve(sharing: false)
                    let other = try await serve(sharing: false)
                    one.close()
                    other.close()
                }
            }
        }

        /// The service manager's sockets: the names, the environment, and a connection that was made before the start.
        @Test(arguments: LoopKind.allCases)
        func activatedSockets_areServed(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                let web = try RawListener()
                let peer = try RawPeer.connect(web.port)
                try peer.send([7])
                let (one, other) = try Socket.pair()
                let child = try startChild {
                    dup2(web.descriptor, 103)
                    dup2(one.fileDescriptor, 4)
                    dup2(103, 3)
                    setenv("LISTEN_PID", "\(getpid())", 1)
                    setenv("LISTEN_FDS", "2", 1)
                    setenv("LISTEN_FDNAMES", "web:pair", 1)
                    let activated = try Socket.activated()
                    let names = activated.map(\.name)
                    let numbers = activated.map(\.socket.fileDescriptor)
                    let again = try Socket.activated()
                    guard names == ["web", "pair"], numbers == [3, 4], again.isEmpty else { _exit(10) }
                    guard getenv("LISTEN_FDS") == nil, getenv("LISTEN_PID") == nil else { _exit(11) }
                    guard fcntl(3, F_GETFD) == FD_CLOEXEC, fcntl(4, F_GETFD) == FD_CLOEXEC else { _exit(12) }
                    let sockets = activated.map(\.socket)
                    try run(loopFactory: kind.make) { loop in
                        let server = try await loop.startServer(sockets: [sockets[0]]) { reader, writer in
                            writer.write(try await reader.read(1))
                        }
                        // The connection that waits is served first.
                        try await server.close(deadline: .seconds(30))
                    }
                    _exit(42)
                }
                var status: Int32 = 0
                waitpid(child, &status, 0)
                #expect(status >> 8 & 0xFF == 42 && status & 0x7F == 0, "\(status)")
                #expect(try peer.receiveAll() == [7])
                other.close()
            }
        }

        /// An old process hands over to a new one that listens on the same socket, while clients connect all the time.
        @Test(arguments: LoopKind.allCases)
        func restart_refusesAndResetsNoConnection(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                let listener = try RawListener(backlog: 1000)
                let (old, new) = (try Worker(kind, listener, "old"), try Worker(kind, listener, "new"))
                old.go()
                try await runLoop(.epoll) { loop, _ in
                    let rounds = max(3, TestSize.scaled(20))
                    for round in 0..<rounds {
                        if round == rounds / 3 { new.go() }
                        if round == rounds * 2 / 3 { old.stop() }
                        let clients = (0..<50).map { _ in
                            loop.createTask { try await ask(loop, port: listener.port) }
                        }
                        for client in clients {
                            let answer = try await client.value
                            #expect(answer == "old" || answer == "new" && round >= rounds / 3)
                        }
                    }
                    #expect(old.end() == 0, "it has drained its connections")
                    let last = try await ask(loop, port: listener.port)
                    #expect(last == "new")
                }
                new.stop()
                #expect(new.end() == 0)
            }
        }
    }
}

/// Sends a request and returns the answer, which the server ends by closing the connection.
private func ask(_ loop: any AbstractEventLoop, port: Int) async throws -> String {
    let (reader, writer) = try await loop.openConnection(host: "127.0.0.1", port: port)
    writer.write("who?\n")
    let answer = text(try await reader.read())
    writer.close()
    try await writer.waitClosed()
    return answer
}

/// A forked process that serves on a socket that it has inherited.
private final class Worker: Sendable {
    private let child: pid_t
    private let control: Socket

    init(_ kind: LoopKind, _ listener: RawListener, _ name: String) throws {
        let (mine, theirs) = try Socket.pair()
        control = mine
        child = try startChild {
            mine.close()
            var byte: UInt8 = 0
            var entry = pollfd(fd: theirs.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 60_000) == 1, read(theirs.fileDescriptor, &byte, 1) == 1 else { return }
            let report = try run(loopFactory: kind.make) { loop in
                let socket = Socket(takingOwnershipOf: listener.descriptor)
                let server = try await loop.startServer(socket: socket, backlog: 1000) { reader, writer in
                    _ = try await reader.readLine()
                    writer.write(name)
                }
                let (reader, writer) = try await loop.openConnection(socket: theirs)
                _ = try await reader.read(1)
                writer.close()
                return try await server.close(deadline: .seconds(30))
            }
            _exit(report.aborted == 0 && report.refused == 0 ? 0 : 3)
        }
        theirs.close()
    }

    func go() { send() }

    func stop() { send() }

    private func send() {
        var byte: UInt8 = 1
        write(control.fileDescriptor, &byte, 1)
    }

    /// Waits until the process has ended; returns its status.
    func end() -> Int32 {
        var status: Int32 = 0
        waitpid(child, &status, 0)
        return status
    }
}

/// Forks a process that runs the closure and ends with status 1 if the closure returns.
private func startChild(_ body: () throws -> Void) throws -> pid_t {
    let child = forkProcess()
    if child == 0 {
        alarm(60)
        try? body()
        _exit(1)
    }
    try #require(child > 0)
    return child
}
