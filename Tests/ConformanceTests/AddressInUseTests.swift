import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Servers on an address that is initially in use.
    @Suite struct AddressesInUse {
        @Test(arguments: LoopKind.allCases)
        func createServer_triesAgain_untilTheAddressIsFree(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let busy = try RawListener()
                let visitors = Visitors(loop)
                loop.callLater(.milliseconds(5)) { busy.close() }
                let server = try await loop.createServer(
                    host: ["127.0.0.2", "127.0.0.1"], port: busy.port, addressInUseTimeout: .seconds(30)
                ) { visitors.make() }
                #expect(server.sockets.count == 2)
                let peer = try RawPeer.connect(busy.port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                peer.close()
                server.close()
                try await server.waitClosed()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func startServer_triesAgain_untilTheAddressIsFree(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let busy = try RawListener()
                loop.callLater(.milliseconds(5)) { busy.close() }
                let server = try await loop.startServer(
                    host: "127.0.0.1", port: busy.port, addressInUseTimeout: .seconds(30)
                ) { _, _ in }
                #expect(server.port == busy.port)
                server.close()
            }
        }

        /// The loop keeps running during the default hundred milliseconds, and the error names the option.
        @Test(arguments: LoopKind.allCases)
        func createServer_givesUp_withARemedy(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let busy = try RawListener()
                defer { busy.close() }
                var ran = false
                loop.callLater(.milliseconds(1)) { ran = true }
                let error = try await loopError {
                    try await loop.createServer(host: "127.0.0.1", port: busy.port) { StreamRecorder(loop) }
                }
                #expect(ran)
                #expect(error.code == .system && error.operation == "bind" && error.errno == .addressInUse)
                #expect(error.address == busy.address.description)
                for part in ["after 0.1 seconds", "io_uring", "raise addressInUseTimeout", "pass reusePort"] {
                    #expect(error.description.contains(part), "\(error)")
                }
            }
        }

        @Test(arguments: LoopKind.allCases, [Duration.zero, .seconds(-1)])
        func createServer_triesOnce_withoutATimeout(_ kind: LoopKind, timeout: Duration) async throws {
            try await runLoop(kind) { loop, _ in
                let busy = try RawListener()
                defer { busy.close() }
                var turns = 0
                loop.callSoon { turns += 1 }
                let error = try await loopError {
                    try await loop.createServer(
                        host: "127.0.0.1", port: busy.port, addressInUseTimeout: timeout
                    ) { StreamRecorder(loop) }
                }
                #expect(error.errno == .addressInUse)
                #expect(!error.description.contains("addressInUseTimeout"))
                #expect(turns == 0, "it did not wait")
            }
        }

        /// The harness checks that no socket stays open.
        @Test(arguments: LoopKind.allCases)
        func createServer_isCancelled_whileItWaits(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let busy = try RawListener()
                defer { busy.close() }
                let task = loop.createTask {
                    _ = try await loop.createServer(
                        host: "127.0.0.1", port: busy.port, addressInUseTimeout: .seconds(3600)
                    ) { StreamRecorder(loop) }
                }
                try await loop.turns()
                await expectCancelled(task)
            }
        }

        /// The kernel tears down the ring of a killed process only after `waitpid` has returned.
        @Test(arguments: LoopKind.allCases)
        func server_canBeStartedAgain_atOnceAfterItWasKilled(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                for _ in 0..<15 {
                    let (child, port) = try startServerInAChild(kind)
                    kill(child, SIGKILL)
                    waitpid(child, nil, 0)
                    try await runLoop(kind) { loop, _ in
                        let server = try await loop.createServer(
                            host: "127.0.0.1", port: port, addressInUseTimeout: .seconds(30)
                        ) { StreamRecorder(loop) }
                        server.close()
                    }
                }
            }
        }
    }
}

/// Forks a process that serves; returns its number and the port.
private func startServerInAChild(_ kind: LoopKind) throws -> (child: pid_t, port: Int) {
    let pipe = try Pipe()
    let child = forkProcess()
    if child == 0 {
        alarm(60)
        nonisolated(unsafe) let pipe = pipe
        try? run(loopFactory: kind.make) { loop in
            let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
            // One turn of the loop submits the accept.
            try await loop.sleep(for: .milliseconds(1))
            var port = UInt16(server.port)
            write(pipe.writeEnd, &port, 2)
            try await server.serveForever()
        }
        _exit(1)
    }
    var port: UInt16 = 0
    var entry = pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0)
    try #require(poll(&entry, 1, 30_000) == 1)
    try #require(read(pipe.readEnd, &port, 2) == 2)
    return (child, Int(port))
}
