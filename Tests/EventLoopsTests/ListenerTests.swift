import Glibc
import Kernel
import TestSupport
import Testing

@testable import EventLoops

/// How a listener pauses when the process has no descriptors left, tested with a driver that only counts.
@Suite struct ListenerTests {
    /// A loop with a server on a socket of its own.
    private struct Setup {
        let loop: FakeLoop
        let server: Server
        let channel: FakeListenerChannel
        let reports: Reports

        init(clock: LoopClock = .monotonic) throws {
            loop = try FakeLoop(clock: clock)
            let reports = Reports()
            self.reports = reports
            loop.setExceptionHandler { reports.contexts.append($0) }
            let socket = try Socket(family: .ipv4)
            try socket.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
            server = Server(core: loop.core, descriptors: [socket.detach()], backlog: 1) {
                preconditionFailure("nothing is accepted")
            }
            try server.startServing()
            channel = try #require(loop.driver.listenerChannels.first)
        }

        func turn() throws {
            loop.stop()
            try loop.runForever()
        }

        func end() throws {
            server.close()
            try loop.close()
        }
    }

    private final class Reports {
        var contexts: [ExceptionContext] = []
    }

    @Test func accepting_resumes_whenTheLoopClosesADescriptor() throws {
        let setup = try Setup()
        #expect(setup.channel.starts == 1)
        setup.channel.owner?.acceptFailed(.tooManyOpenFiles)
        #expect(setup.channel.starts == 1, "it pauses")
        let (table, other) = (setup.loop.core.descriptors, Witness())
        table.claim(1000, "transport", other)
        table.claim(1001, "transport", other)
        table.release(1000, other)
        table.release(1001, other)
        #expect(setup.channel.starts == 1, "not inside the release")
        try setup.turn()
        try setup.turn()
        #expect(setup.channel.starts == 2, "once for all that were released in a turn")
        table.claim(1000, "transport", other)
        table.release(1000, other)
        try setup.turn()
        #expect(setup.channel.starts == 2, "the shortage is over")
        try setup.end()
    }

    @Test func accepting_resumesByATimer_whenOthersReleaseDescriptors() throws {
        let setup = try Setup()
        for attempt in 1...3 {
            setup.channel.owner?.acceptFailed(.tooManyOpenFiles)
            let deadline = setup.loop.time.advanced(by: .seconds(30))
            while setup.channel.starts == attempt, setup.loop.time < deadline { try setup.turn() }
            #expect(setup.channel.starts == attempt + 1)
        }
        try setup.end()
    }

    @Test func shortage_isReportedOnce_howeverOftenAcceptingFails() throws {
        let setup = try Setup()
        for _ in 0..<100 {
            setup.channel.owner?.acceptFailed(.tooManyOpenFiles)
            setup.loop.core.descriptors.release(1000, setup.server)
            try setup.turn()
        }
        #expect(setup.channel.starts == 101)
        #expect(setup.reports.contexts.map(\.message) == ["accept: out of system resource"])
        // A different error is reported separately.
        setup.channel.owner?.acceptFailed(.notPermitted)
        #expect(setup.reports.contexts.map(\.message).last == "Accept failed on a socket")
        try setup.end()
    }

    /// A clock that stands still: no timer of a pause is ever due.
    private static let stopped = LoopClock { 1_000_000_000 }

    @Test func accepting_waitsForTheTimer_afterAnErrorThatClosingDescriptorsDoesNotCure() throws {
        let setup = try Setup(clock: Self.stopped)
        setup.channel.owner?.acceptFailed(.invalidArgument)
        for descriptor in Int32(1000)..<1010 {
            setup.loop.core.descriptors.release(descriptor, setup.server)
            try setup.turn()
        }
        #expect(setup.channel.starts == 1)
        #expect(setup.reports.contexts.map(\.message) == ["Accept failed on a socket"])
        try setup.end()
    }

    @Test func accepting_resumes_whenAFailedConnectClosesItsSocket() throws {
        let setup = try Setup(clock: Self.stopped)
        setup.channel.owner?.acceptFailed(.tooManyOpenFiles)
        let connector = Connector(core: setup.loop.core)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        let errors = try setup.loop.runUntilComplete {
            guard case .failed(let errors) = try await connector.connectInOrder([address]) else { return 0 }
            return errors.count
        }
        #expect(errors == 1)
        try setup.turn()
        try setup.turn()
        #expect(setup.channel.starts == 2)
        try setup.end()
    }

    @Test func accepting_resumes_whenASocketIsClosedOnAnotherThread() async throws {
        let setup = try Setup(clock: Self.stopped)
        setup.channel.owner?.acceptFailed(.tooManyOpenFiles)
        let core = setup.loop.core
        let socket = try Socket(family: .ipv4).detach()
        HelperThread { core.close(socket) }.join()
        #expect(!Descriptor.isOpen(socket))
        #expect(setup.channel.starts == 1)
        try setup.turn()
        try setup.turn()
        #expect(setup.channel.starts == 2)
        try setup.end()
    }

    @Test func closing_endsThePause() throws {
        let setup = try Setup()
        setup.channel.owner?.acceptFailed(.tooManyOpenFiles)
        setup.server.close()
        setup.loop.core.descriptors.release(1000, setup.server)
        try setup.turn()
        #expect(setup.channel.starts == 1 && setup.channel.isClosed)
        try setup.loop.close()
    }
}
