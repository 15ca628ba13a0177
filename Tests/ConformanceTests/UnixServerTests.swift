import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct UnixServers {
        /// UNIX-007 UNIX-020.
        @Test(arguments: LoopKind.allCases)
        func createUnixServer_servesClients(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                let address = try SocketAddress(unixPath: path)
                var accepted: [EchoRecorder] = []
                let server = try await loop.createUnixServer(path: path) {
                    accepted.append(EchoRecorder(loop))
                    return accepted[accepted.count - 1]
                }
                #expect(server.isServing)
                #expect(server.sockets.count == 1)
                #expect(server.sockets.first?.localAddress == address)
                for number in 1...3 {
                    let (transport, told) = try await loop.createUnixConnection(path: path) { StreamRecorder(loop) }
                    transport.write([UInt8(number)])
                    try await told.wait { told.received == [UInt8(number)] }
                    transport.close()
                    try await told.waitUntilLost()
                }
                try await loop.eventually("all connections end") { server.connectionCount == 0 }
                #expect(accepted.count == 3)
                for told in accepted {
                    #expect(told.transport?.peerAddress == .unnamedUnix)
                    #expect(told.transport?.peerAddress?.unixPath == "")
                    #expect(told.transport?.localAddress == address)
                }
                accepted = []
                try await server.closeAndWait()
            }
        }

        /// UNIX-008.
        @Test(arguments: LoopKind.allCases)
        func staleSocket_isReplaced(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                try UnixListener.leaveStale(path)
                #expect(exists(path))
                let server = try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                let peer = try RawPeer.connect(unixPath: path)
                try await loop.eventually("the client is accepted") { server.connectionCount == 1 }
                peer.close()
                try await server.closeAndWait()
            }
        }

        /// UNIX-009 UNIX-016: also a symbolic link to a socket.
        @Test(arguments: LoopKind.allCases)
        func otherFiles_areNeverReplaced(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let plain = directory.file("plain")
                let file = open(plain, O_CREAT | O_WRONLY, 0o600)
                #expect(write(file, "text", 4) == 4)
                close(file)
                let target = directory.file("target")
                try UnixListener.leaveStale(target)
                let link = directory.file("link")
                #expect(symlink(target, link) == 0)
                let dangling = directory.file("dangling")
                #expect(symlink(directory.file("nothing"), dangling) == 0)
                let before = directory.names
                for path in [plain, link, dangling, directory.path] {
                    let error = try await loopError {
                        try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                    }
                    #expect(error.errno == .addressInUse)
                    #expect(error.operation == "bind")
                    #expect(error.address == "unix:\(path)")
                    #expect(error.description.contains("Address is already in use"))
                }
                #expect(directory.names == before)
                var status = stat()
                #expect(lstat(plain, &status) == 0 && status.st_size == 4)
            }
        }

        /// UNIX-010: like asyncio, without checking whether a program still listens.
        @Test(arguments: LoopKind.allCases)
        func socketOfALiveListener_isReplaced_andItsCloseLeavesTheSuccessors(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                let older = try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                let newer = try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                let peer = try RawPeer.connect(unixPath: path)
                try await loop.eventually("the newer server has the client") { newer.connectionCount == 1 }
                #expect(older.connectionCount == 0)
                try await older.closeAndWait()
                // UNIX-018.
                #expect(exists(path), "the older server removed its successor's file")
                peer.close()
                try await newer.closeAndWait()
                #expect(!exists(path))
            }
        }

        #if DEBUG
            /// UNIX-010: a server that gets no socket replaces no other.
            @Test(arguments: LoopKind.allCases)
            func socketOfALiveListener_stays_ifItsSuccessorFails(_ kind: LoopKind) async throws {
                try await runUnix(kind) { loop, directory, _ in
                    let path = directory.file("s")
                    let server = try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                    let faults = SystemCallFaults()
                    faults.fail(.socket, with: .tooManyOpenFiles)
                    faults.install()
                    let error = await #expect(throws: EventLoopError.self) {
                        try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                    }
                    faults.remove()
                    #expect(error?.operation == "socket" && error?.errno == .tooManyOpenFiles)
                    #expect(exists(path))
                    try await server.closeAndWait()
                }
            }
        #endif

        /// UNIX-011.
        @Test(arguments: LoopKind.allCases)
        func staleSocketThatCannotBeRemoved_isLogged(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let plain = directory.file("plain")
                close(open(plain, O_CREAT | O_WRONLY, 0o600))
                try await withLogLater { log in
                    // The status of a path through a plain file cannot be read, even by root.
                    let error = try await loopError {
                        try await loop.createUnixServer(path: "\(plain)/s") { EchoRecorder(loop) }
                    }
                    #expect(error.errno == .notDirectory)
                    let lines = log.texts(.error)
                    #expect(lines.count == 1)
                    #expect(lines.first?.contains("Unable to check or remove stale UNIX socket \(plain)/s") == true)
                }
            }
        }

        /// UNIX-012.
        @Test(arguments: LoopKind.allCases)
        func abstractName_hasNoFile_andItsExactLength(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let name: [UInt8] = Array("proactor \(getpid()) \(kind)".utf8) + [0, 1, 0]
                let address = try SocketAddress(abstractName: name)
                let server = try await loop.createUnixServer(address: address) { EchoRecorder(loop) }
                #expect(server.sockets.first?.localAddress?.unixPathBytes == [0] + name)
                let (transport, told) = try await loop.createUnixConnection(address: address) { StreamRecorder(loop) }
                #expect(transport.peerAddress == address)
                transport.write([5])
                try await told.wait { told.received == [5] }
                transport.close()
                try await told.waitUntilLost()
                // A name that differs only in its last NUL is a different one.
                let other = try SocketAddress(abstractName: name.dropLast())
                #expect(other != address)
                let refused = try await loopError {
                    try await loop.createUnixConnection(address: other) { StreamRecorder(loop) }
                }
                #expect(refused.errno == .connectionRefused)
                let inUse = try await loopError {
                    try await loop.createUnixServer(address: address, addressInUseTimeout: .zero) { EchoRecorder(loop) }
                }
                #expect(inUse.errno == .addressInUse)
                try await server.closeAndWait()
            }
        }

        /// UNIX-012: a text path with a leading NUL, and a name that the kernel chooses.
        @Test(arguments: LoopKind.allCases)
        func abstractName_isTakenFromText_orChosenByTheKernel(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for path in ["\0proactor \(getpid()) \(kind)", ""] {
                    let server = try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                    let address = try #require(server.sockets.first?.localAddress)
                    #expect(address.unixPathBytes?.first == 0)
                    let (reader, writer) = try await loop.openUnixConnection(path: try #require(address.unixPath))
                    writer.write([1])
                    #expect(try await reader.readExactly(1) == [1])
                    writer.close()
                    try await server.closeAndWait()
                }
            }
        }

        /// UNIX-015: the two arguments are arguments of different methods; here, the errors of each.
        @Test(arguments: LoopKind.allCases)
        func createUnixServer_refusesInvalidArguments(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let notUnix = try await loopError {
                    try await loop.createUnixServer(address: .anyIPv4(port: 0)) { EchoRecorder(loop) }
                }
                #expect(notUnix.code == .invalidArgument)
                let mode = try await loopError {
                    try await loop.createUnixServer(path: directory.file("s"), mode: 0o10000) { EchoRecorder(loop) }
                }
                #expect(mode.code == .invalidArgument)
                let nul = try await loopError {
                    try await loop.createUnixServer(path: "a\0b") { EchoRecorder(loop) }
                }
                #expect(nul.errno == .invalidArgument)
                #expect(directory.names.isEmpty)
            }
        }

        /// UNIX-017 UNIX-019.
        @Test(arguments: LoopKind.allCases)
        func close_removesTheFile_ifCleanupIsOn(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                func bound(_ name: String) throws -> Socket {
                    let socket = try Socket.unix()
                    try socket.bind(to: SocketAddress(unixPath: directory.file(name)))
                    return socket
                }
                let servers = [
                    try await loop.createUnixServer(path: directory.file("a")) { EchoRecorder(loop) },
                    try await loop.createUnixServer(path: directory.file("b"), cleanupSocket: false) {
                        EchoRecorder(loop)
                    },
                    try await loop.createUnixServer(socket: bound("c")) { EchoRecorder(loop) },
                    try await loop.createUnixServer(socket: bound("d"), cleanupSocket: false) { EchoRecorder(loop) },
                    try await loop.createServer(socket: bound("e")) { EchoRecorder(loop) },
                    try await loop.createUnixServer(path: directory.file("f"), startServing: false) {
                        EchoRecorder(loop)
                    },
                ]
                #expect(directory.names == ["a", "b", "c", "d", "e", "f"])
                for server in servers { try await server.closeAndWait() }
                #expect(directory.names == ["b", "d", "e"])
                for server in servers { server.close() }
                #expect(directory.names == ["b", "d", "e"])
            }
        }

        /// UNIX-018: a file of another kind is not removed either, and a missing one is not an error.
        @Test(arguments: LoopKind.allCases)
        func close_leavesAFileThatIsNotItsOwn(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                try await withLogLater { log in
                    let one = try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                    unlink(path)
                    close(open(path, O_CREAT | O_WRONLY, 0o600))
                    try await one.closeAndWait()
                    #expect(exists(path))
                    unlink(path)
                    let two = try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                    unlink(path)
                    try await two.closeAndWait()
                    #expect(log.texts(.error).isEmpty)
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func closingTheLoop_removesTheFile(_ kind: LoopKind) async throws {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try await withLoop(kind) { loop, _ in
                _ = try loop.runUntilComplete {
                    try await loop.createUnixServer(path: directory.file("s")) { EchoRecorder(loop) }
                }
                #expect(directory.names == ["s"])
                try loop.close()
                #expect(directory.names == [])
            }
        }

        /// A forked child has a copy of the server, but the file belongs to its parent.
        @Test(arguments: LoopKind.allCases)
        func forkedChild_leavesTheFile(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runUnix(kind) { loop, directory, _ in
                    let path = directory.file("s")
                    let server = try await loop.createUnixServer(path: path) { EchoRecorder(loop) }
                    let child = forkProcess()
                    if child == 0 {
                        server.close()
                        try? loop.close()
                        _exit(exists(path) ? 0 : 1)
                    }
                    var status: Int32 = -1
                    #expect(waitpid(child, &status, 0) == child)
                    #expect(status == 0, "the child removed the file")
                    let (reader, writer) = try await loop.openUnixConnection(path: path)
                    writer.write([1])
                    #expect(try await reader.readExactly(1) == [1])
                    writer.close()
                    try await server.closeAndWait()
                    #expect(!exists(path))
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func mode_isThatOfTheFile_whateverTheUmask(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                for mode: UInt32 in [0o777, 0o666, 0o660, 0o600, 0] {
                    let path = directory.file("s")
                    let server = try await loop.createUnixServer(path: path, mode: mode) { EchoRecorder(loop) }
                    #expect(permissions(path) == mode)
                    try await server.closeAndWait()
                }
            }
        }
    }
}
