import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import SelectorLoop
import Synchronization
import Testing
import Uring

extension Conformance {
    /// Which kind of loop `newEventLoop` makes if the program does not choose one.
    @Suite struct Backends {
        /// POLICY-015: however io_uring is denied, the program gets a working loop, with the reason in its capabilities
        /// and one line in the log.
        @Test(arguments: [
            Errno.notPermitted, .noFunction, .permissionDenied, .invalidArgument, .noMemory, .tooManyOpenFiles,
            .resourceTemporarilyUnavailable,
        ])
        func automaticBackend_fallsBackToEpoll_whateverDeniesTheRing(_ errno: Errno) throws {
            let log = LogLines()
            defer { log.stop() }
            let denial = EventLoopError(ring: RingError(operation: "io_uring_setup", errno: errno))
            let loop = try BackendChoice.automatic { () throws(EventLoopError) in throw denial }
            defer { try? loop.close() }
            #expect(loop.backend == .epoll)
            let capabilities = loop.capabilities
            #expect(capabilities.denial?.errno == errno)
            #expect(capabilities.reason.contains(denial.detail), "the remedy")
            #expect(log.lines == ["falling back to epoll, because io_uring is denied: \(denial)"])
            #expect(try loop.runUntilComplete { 42 } == 42)
        }

        /// A permanent denial is checked once per process; a shortage is checked each time, because it may have ended.
        @Test(arguments: [
            (Errno.notPermitted, 1), (.noFunction, 1), (.permissionDenied, 1), (.invalidArgument, 1), (.noMemory, 3),
            (.tooManyOpenFiles, 3), (.timedOut, 3), (.noBufferSpace, 3),
        ])
        func automaticBackend_retriesTheRing_onlyAfterATemporaryFailure(_ errno: Errno, times: Int) throws {
            let log = LogLines()
            defer { log.stop() }
            var asked = 0
            for _ in 0..<3 {
                let loop = try BackendChoice.automatic { () throws(EventLoopError) in
                    asked += 1
                    throw EventLoopError(ring: RingError(operation: "io_uring_setup", errno: errno))
                }
                #expect(loop.capabilities.denial?.errno == errno)
                try loop.close()
            }
            #expect(asked == times)
            #expect(log.lines.count == times)
        }

        #if DEBUG
            /// A loop on a kernel that lacks one operation.
            private func automaticLoop(without missing: OperationKind) throws -> any AbstractEventLoop {
                try BackendChoice.automatic { () throws(EventLoopError) in
                    var ring = RingConfiguration(entries: 16, completionEntries: 64)
                    ring.pretence.missingOperations = [missing]
                    do throws(RingError) { try SelfTest.run(ring) } catch { throw EventLoopError(ring: error) }
                    var configuration = ProactorConfiguration()
                    configuration.pretence = ring.pretence
                    return try ProactorEventLoop(configuration: configuration)
                }
            }

            /// The self-test fails, so the loop is of another kind.
            @Test(
                .enabled(if: LoopKind.allCases.contains(.proactor)),
                arguments: OperationKind.allCases.filter(\.isRequired))
            func automaticBackend_fallsBack_whenARequiredOperationIsMissing(_ missing: OperationKind) throws {
                let log = LogLines()
                defer { log.stop() }
                let loop = try automaticLoop(without: missing)
                defer { try? loop.close() }
                #expect(loop.backend == .epoll)
                #expect(loop.capabilities.denial?.errno == .noFunction)
                #expect(loop.capabilities.denial?.operation.contains("IORING_OP_") == true)
                #expect(log.lines.count == 1)
            }

            @Test(
                .enabled(if: LoopKind.allCases.contains(.proactor)),
                // A kernel without the opcode of accept lacks its multishot form, too, which is required.
                arguments: OperationKind.allCases.filter { !$0.isRequired && $0 != .accept })
            func automaticBackend_keepsTheRing_whenAnOptionalOperationIsMissing(_ missing: OperationKind) throws {
                let loop = try automaticLoop(without: missing)
                defer { try? loop.close() }
                #expect(loop.backend == .ioUring)
            }

            /// A connect that the kernel lacks and one that a policy refuses are both emulated.
            @Test(.enabled(if: LoopKind.allCases.contains(.proactor)), arguments: [true, false])
            func connect_isEmulated_whereTheRingLacksIt(isMissing: Bool) throws {
                var configuration = ProactorConfiguration()
                if isMissing {
                    configuration.pretence.missingOperations = [.connect]
                } else {
                    configuration.pretence.refusedOperations = [.connect]
                }
                let loop = try ProactorEventLoop(configuration: configuration)
                defer { try? loop.close() }
                let connect = try #require(loop.capabilities.operations.first { $0.name == "connect" })
                guard case .emulated = connect.support else {
                    Issue.record("connect is reported as \(connect.support)")
                    return
                }
                try loop.runUntilComplete {
                    let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                        writer.write(try await reader.readLine())
                    }
                    let port = try #require(server.sockets.first?.localAddress?.port)
                    let (reader, writer) = try await loop.openConnection(host: "127.0.0.1", port: port)
                    writer.write(Array("over a poll\n".utf8))
                    #expect(try await reader.readLine() == Array("over a poll\n".utf8))
                    writer.close()
                    server.close()
                    try await server.waitClosed()
                    await #expect(throws: EventLoopError.self) {
                        try await loop.openConnection(host: "127.0.0.1", port: port)
                    }
                }
            }
        #endif

        @Test(.enabled(if: LoopKind.allCases.contains(.proactor)))
        func automaticBackend_isIOUring_whereThatWorks() throws {
            let log = LogLines()
            defer { log.stop() }
            let loop = try BackendChoice.automatic()
            defer { try? loop.close() }
            #expect(loop.backend == .ioUring)
            #expect(loop.capabilities.denial == nil)
            #expect(loop.capabilities.operations.contains { $0.name == "accept" && "\($0.support)".contains("ACCEPT") })
            #expect(log.lines == [])
        }

        @Test(arguments: LoopKind.allCases)
        func capabilities_listNativeAndEmulatedOperations(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let capabilities = loop.capabilities
                #expect(capabilities.backend == loop.backend)
                let areNative = capabilities.operations.map { if case .native = $0.support { true } else { false } }
                #expect(!areNative.isEmpty)
                #expect(areNative.allSatisfy { $0 == (kind == .proactor) })
                #expect(capabilities.description.contains("backend \(loop.backend)"))
            }
        }

        @Test(arguments: LoopKind.allCases)
        func environmentVariable_choosesTheBackend(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                let name = kind == .proactor ? "io_uring" : kind.rawValue
                setenv("PROACTOR_BACKEND", name, 1)
                let loop = try newEventLoop()
                #expect(loop.backend.rawValue == name)
                #expect(loop.capabilities.reason.contains("PROACTOR_BACKEND=\(name)"))
                try loop.close()
            }
        }

        @Test func newEventLoop_refusesOtherNames() {
            let error = #expect(throws: EventLoopError.self) { try newEventLoop(backend: "kqueue") }
            #expect(error?.code == .invalidArgument)
            #expect(error?.description.contains("'kqueue'") == true)
            #expect(error?.description.contains("epoll") == true)
        }
    }
}

/// Records the log while the body runs; before and after, clears what the library remembers about the system.
private final class LogLines: Sendable {
    private let taken = Mutex<[String]>([])

    init() {
        BackendChoice.forget()
        setLogHook { [weak self] _, text in self?.taken.withLock { $0.append(text) } }
    }

    var lines: [String] {
        taken.withLock { $0 }
    }

    func stop() {
        setLogHook(nil)
        BackendChoice.forget()
    }
}
