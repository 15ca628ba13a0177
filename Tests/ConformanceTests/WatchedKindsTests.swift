import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

// Not imported with the Glibc module.
@_silgen_name("timerfd_create") private func timerCreate(_ clock: Int32, _ flags: Int32) -> Int32
// An `itimerspec` is four numbers: seconds and nanoseconds of interval and value.
@_silgen_name("timerfd_settime") private func timerSet(
    _ descriptor: Int32, _ flags: Int32, _ new: UnsafePointer<Int>, _ old: UnsafeMutablePointer<Int>?
) -> Int32
@_silgen_name("unlockpt") private func unlockTerminal(_ main: Int32) -> Int32
@_silgen_name("ptsname") private func terminalName(_ main: Int32) -> UnsafePointer<CChar>?

extension Conformance {
    @Suite struct WatchedKinds {
        /// READER-014.
        @Test(arguments: LoopKind.allCases)
        func eventDescriptor_isReadable_whileItsCounterIsAboveZero(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let event = try EventDescriptor()
                defer { event.close() }
                var calls = 0
                try loop.addReader(event.fd) { calls += 1 }
                try loop.turn(2)
                #expect(calls == 0)
                event.signal()
                try loop.turn(2)
                #expect(calls == 2)
                try event.drain()
                try loop.turn(2)
                #expect(calls == 2)
                try loop.removeReader(event.fd)
            }
        }

        /// READER-014.
        @Test(arguments: LoopKind.allCases)
        func timerDescriptor_wakesTheLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let timer = try SystemCall.value { timerCreate(CLOCK_MONOTONIC, Int32(O_CLOEXEC) | O_NONBLOCK) }
                defer { close(timer) }
                #expect(timerSet(timer, 0, [0, 3_000_000, 0, 3_000_000], nil) == 0)
                var expirations: UInt64 = 0
                try loop.addReader(timer) {
                    var count: UInt64 = 0
                    #expect(read(timer, &count, 8) == 8)
                    expirations += count
                    if expirations >= 3 { loop.stop() }
                }
                try loop.runForever()
                #expect(expirations >= 3)
                try loop.removeReader(timer)
            }
        }

        /// READER-014.
        @Test(arguments: LoopKind.allCases)
        func terminal_isWatched_inBothDirections(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let main = try SystemCall.value { open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK) }
                defer { close(main) }
                try SystemCall.nothing { unlockTerminal(main) }
                let name = try #require(terminalName(main))
                let terminal = try SystemCall.value { open(name, O_RDWR | O_NOCTTY | O_NONBLOCK) }
                defer { close(terminal) }
                var (lines, room) = (0, 0)
                try loop.addReader(terminal) {
                    if Pipe.read(terminal, 16) == 3 { lines += 1 }
                }
                try loop.addWriter(terminal) { room += 1 }
                try loop.turn(2)
                #expect(lines == 0 && room == 2)
                #expect(write(main, "hi\n", 3) == 3)
                try loop.turn(3)
                #expect(lines == 1)
                #expect(try loop.removeReader(terminal) && loop.removeWriter(terminal))
            }
        }

        /// READER-014.
        ///
        /// A regular file is always ready, but epoll refuses it.
        @Test(arguments: LoopKind.allCases)
        func regularFile_isAlwaysReady_orRefusedByEpoll(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let stream = try #require(tmpfile())
                defer { fclose(stream) }
                let file = fileno(stream)
                var (reads, writes) = (0, 0)
                guard kind != .epoll else {
                    for add in [{ try loop.addReader(file) {} }, { try loop.addWriter(file) {} }] {
                        let error = #expect(throws: EventLoopError.self, performing: add)
                        #expect(error?.code == .system && error?.errno == .notPermitted)
                    }
                    #expect(try !loop.removeReader(file))
                    return
                }
                try loop.addReader(file) { reads += 1 }
                try loop.addWriter(file) { writes += 1 }
                try loop.turn(3)
                #expect((reads, writes) == (3, 3))
                #expect(try loop.removeReader(file) && loop.removeWriter(file))
            }
        }

        /// READER-014.
        ///
        /// The program's own listening socket and datagram socket.
        @Test(arguments: LoopKind.allCases)
        func sockets_ofEachType_areWatched(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let any = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
                let (listener, datagrams) = (
                    try Socket(family: .ipv4), try Socket(family: .ipv4, type: Socket.datagram)
                )
                try listener.bind(to: any)
                try listener.listen(backlog: 8)
                try datagrams.bind(to: any)
                var accepted = 0
                try loop.addReader(listener) {
                    accepted += 1
                    try listener.accept().socket.close()
                }
                var received = 0
                try loop.addReader(datagrams) { received += Pipe.read(datagrams.fileDescriptor, 16) }
                try loop.turn()
                let callers = try (0..<2).map { _ in try RawPeer.connect(listener.localAddress.port ?? 0) }
                let sender = try Socket(family: .ipv4, type: Socket.datagram)
                try sender.connect(to: datagrams.localAddress)
                Pipe.write(sender.fileDescriptor, 5)
                for _ in 0..<50 where accepted < 2 || received < 5 { try loop.run(for: .milliseconds(2)) }
                #expect(accepted == 2 && received == 5)
                for caller in callers { caller.close() }
                #expect(try loop.removeReader(listener) && loop.removeReader(datagrams))
            }
        }
    }
}
