import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// What a loop reports about its pending operations.
    @Suite struct Inspection {
        @Test(arguments: LoopKind.allCases)
        func idleLoop_hasOnlyItsWakeUpPending(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                #expect(loop.pendingOperations.map(\.name) == ["wake-up"])
                #expect(loop.pendingOperations.map(\.owner) == ["waker"])
                let calls = ["proactor": "IORING_OP_READ", "epoll": "epoll", "poll": "poll", "select": "select"]
                #expect(loop.pendingOperations.first?.call == calls[kind.rawValue])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func serverAndConnection_areListedWithTheirDescriptors(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let listening = try #require(server.sockets.first)
                let accept = try #require(loop.pending("accept").first)
                #expect(accept.descriptor == listening.fileDescriptor)
                #expect(accept.owner == "\(server)")

                let peer = try RawPeer.connect(try #require(listening.localAddress?.port))
                try await loop.eventually("connected") { !visitors.all.isEmpty }
                let transport = try #require(visitors.all[0].transport)
                let receive = try #require(loop.pending("receive").first)
                #expect(receive.descriptor == transport.socket.fileDescriptor)
                #expect(receive.owner == "\(transport)")
                #expect(receive.owner.hasPrefix("<SocketTransport fd=\(receive.descriptor) "))
                #expect(loop.pending("receive").count == 1)
                #expect(loop.pending("accept").count == 1, "the server stopped accepting")

                server.close()
                peer.close()
                try await server.waitClosed()
                try await loop.turns()
                #expect(loop.pendingOperations.map(\.name) == ["wake-up"])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func send_isListed_whileThePeerDoesNotRead(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                #expect(link.loop.pending("send").isEmpty)
                let size = 8 << 20
                link.transport.write([UInt8](repeating: 1, count: size))
                try await link.loop.eventually("the kernel's buffers are full") { !link.loop.pending("send").isEmpty }
                let send = try #require(link.loop.pending("send").first)
                #expect(send.descriptor == link.transport.socket.fileDescriptor)
                #expect(send.owner == "\(link.transport)")
                #expect(try await link.onPeer { try $0.receive(size).count } == size)
                try await link.loop.eventually("sent") { link.loop.pending("send").isEmpty }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func connect_isListed_withTheWaitingTask(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let nowhere = try DeafListener()
                let port = try #require(nowhere.address.port)
                let task = loop.createTask(name: "dialling") {
                    _ = try await loop.createConnection(host: "127.0.0.1", port: port) { StreamRecorder(loop) }
                }
                try await loop.eventually("it connects") { !loop.pending("connect").isEmpty }
                let connect = try #require(loop.pending("connect").first)
                #expect(connect.descriptor > 2)
                #expect(connect.owner.contains("dialling"), "\(connect)")
                #expect(connect.owner.contains("127.0.0.1:\(port)"), "\(connect)")
                await expectCancelled(task)
                try await loop.eventually("called off") { loop.pending("connect").isEmpty }
                nowhere.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func watches_areListed_byDirection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let pipe = try Pipe()
                _ = pipe.fill()
                try loop.addWriter(pipe.writeEnd) { Issue.record("the pipe is not full") }
                let other = try Pipe()
                try loop.addReader(other.readEnd) { Issue.record("the pipe is not empty") }
                try await loop.turns(2)
                let reading = try #require(loop.pending("watch for reading").first)
                let writing = try #require(loop.pending("watch for writing").first)
                #expect(reading.descriptor == other.readEnd)
                #expect(reading.owner == "<DescriptorWatch fd=\(other.readEnd) reading>")
                #expect(writing.descriptor == pipe.writeEnd)
                #expect(writing.owner == "<DescriptorWatch fd=\(pipe.writeEnd) writing>")
                try loop.removeReader(other.readEnd)
                try loop.removeWriter(pipe.writeEnd)
                try await loop.turns(2)
                #expect(loop.pendingOperations.map(\.name) == ["wake-up"])
            }
        }

        /// An age must grow by at least the time between two readings.
        @Test(arguments: LoopKind.allCases)
        func ages_grow_andTheOldestOperationIsFirst(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let loop = link.loop
                let first = try #require(loop.pending("receive").first)
                let read = loop.time
                try await loop.sleep(for: .milliseconds(30))
                let least = read.duration(to: loop.time)
                let second = try #require(loop.pending("receive").first)
                #expect(second.age >= first.age + least)
                let pipe = try Pipe()
                try loop.addReader(pipe.readEnd) {}
                try await loop.turns(2)
                let ages = loop.pendingOperations.map(\.age)
                #expect(ages == ages.sorted(by: >))
                #expect(loop.pending("watch for reading").allSatisfy { $0.age <= second.age + .seconds(20) })
                try loop.removeReader(pipe.readEnd)
            }
        }

        /// The age of operations that a loop submits after it wakes does not include its sleep.
        @Test(arguments: LoopKind.allCases)
        func newConnection_isNotOlderThanItsStart(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let port = try #require(server.sockets.first?.localAddress?.port)
                // A busy period, in which the loop seldom reads its clock, and then a sleep.
                try await loop.turns(500)
                try await loop.sleep(for: .milliseconds(100))
                let began = loop.time
                let (transport, client) = try await loop.createConnection(host: "127.0.0.1", port: port) {
                    StreamRecorder(loop)
                }
                try await loop.eventually("connected") { !visitors.all.isEmpty }
                let ages = loop.pending("receive").map(\.age)
                #expect(ages.count == 2)
                let most = began.duration(to: loop.time)
                #expect(ages.allSatisfy { $0 >= .zero && $0 <= most }, "\(ages) in \(most)")
                transport.close()
                try await client.waitUntilLost()
                server.close()
                try await server.waitClosed()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func pendingOperations_requireTheLoopsThread_andAnOpenLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let elsewhere = try await Task { try await onThread { loop.pendingOperations } }.value
                #expect(elsewhere == [])
                let refused = try await Task {
                    try await onThread {
                        expectLoopError(.wrongThread) { try loop.leftovers }
                        return true
                    }
                }.value
                #expect(refused)
            }
            try await withLoop(kind) { loop, _ in
                try loop.turn()
                try loop.close()
                #expect(loop.pendingOperations == [])
                #expect(try loop.leftovers.isEmpty)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func leftovers_listExactlyWhatIsAlive(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                #expect(try loop.leftovers.isEmpty)
                #expect(try loop.leftovers.description == "nothing")
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                let port = try #require(server.sockets.first?.localAddress?.port)
                let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: port) {
                    StreamRecorder(loop)
                }
                let timer = loop.callLater(.seconds(3600)) {}
                let future = loop.createFuture(of: Void.self)
                let task = loop.createTask(name: "leftover") { try await future.value }
                let pipe = try Pipe()
                try loop.addReader(pipe.readEnd) {}
                try await loop.eventually("accepted") { server.connectionCount == 1 }
                // A ring submits the poll at the end of the turn.
                try await loop.turns(1)

                let left = try loop.leftovers
                #expect(!left.isEmpty && !left.holdsNothing)
                #expect(left.transports.count == 2 && left.transports.contains("\(transport)"))
                #expect(left.servers == ["\(server)"])
                #expect(left.tasks == ["\(task)"])
                #expect(left.watches == ["<DescriptorWatch fd=\(pipe.readEnd) reading>"])
                #expect(left.timers == 1)
                #expect(
                    left.operations.map(\.name).sorted() == ["accept", "receive", "receive", "watch for reading"])
                #expect(left.description.contains("leftover") && left.description.contains("timers: 1"))

                try future.setResult(())
                try await task.value
                timer.cancel()
                try loop.removeReader(pipe.readEnd)
                transport.close()
                try await told.waitUntilLost()
                server.close()
                try await server.waitClosed()
                try await loop.turns()
                let nothing = try loop.leftovers
                #expect(nothing.isEmpty, "\(nothing)")
            }
        }
    }
}

extension AbstractEventLoop {
    /// The pending operations with this name.
    func pending(_ name: String) -> [PendingOperation] {
        pendingOperations.filter { $0.name == name }
    }
}
