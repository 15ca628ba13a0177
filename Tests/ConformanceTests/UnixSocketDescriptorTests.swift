import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Descriptors on a `Socket`, in async code.
    @Suite struct UnixSocketDescriptors {
        @Test(arguments: SocketLoop.allCases)
        func descriptors_arrive_whetherTheReceiverWaitsOrNot(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for type in [Socket.stream, Socket.datagram, Socket.seqpacket] {
                    let (one, other) = try Socket.pair(type: type)
                    for waits in [true, false] {
                        let end = try WatchedEnd()
                        let task = loop.createTask {
                            if !waits { try await loop.sleep(for: .milliseconds(2)) }
                            var message = try await loop.sockRecvDescriptors(other)
                            #expect(message.bytes == [1, 2])
                            let descriptor = try required(message.descriptors.takeFirst())
                            #expect(end.isOther(descriptor.fileDescriptor))
                        }
                        try await loop.sleep(for: .milliseconds(1))
                        do {
                            let list = end.takeList()
                            try await loop.sockSendAll(one, [1, 2], descriptors: list)
                        }
                        try await task.value
                        #expect(end.isReleased)
                    }
                }
            }
        }

        @Test(arguments: SocketLoop.allCases)
        func longMessage_isSentWhole_withItsDescriptorsOnce(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = try Socket.pair()
                let end = try WatchedEnd()
                let bytes = Pattern.bytes(1_000_000)
                let task = loop.createTask {
                    let list = end.takeList()
                    try await loop.sockSendAll(one, bytes, descriptors: list)
                }
                var received: [UInt8] = []
                var count = 0
                while received.count < bytes.count {
                    let message = try await loop.sockRecvDescriptors(other)
                    received += message.bytes
                    count += message.descriptors.count
                }
                try await task.value
                #expect(received == bytes)
                #expect(count == 1)
                #expect(end.isReleased)
            }
        }

        /// On a ring, the kernel would send an empty datagram if the operation waited there.
        @Test(arguments: SocketLoop.allCases)
        func datagrams_waitForTheirReceiver_andLoseNothing(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let receiver = try Socket(family: .unix, type: Socket.datagram)
                try receiver.bind(to: SocketAddress(unixPath: ""))
                let sender = try Socket(family: .unix, type: Socket.datagram)
                try await loop.sockConnect(sender, receiver.localAddress)
                let count = 40
                let sending = loop.createTask {
                    for number in 0..<count {
                        let list = try WatchedEnd().takeList()
                        try await loop.sockSendAll(sender, [UInt8(number), 7], descriptors: list)
                    }
                }
                try await loop.turns(20)
                #expect(!sending.isDone)
                for number in 0..<count {
                    let message = try await loop.sockRecvDescriptors(receiver)
                    #expect(message.bytes == [UInt8(number), 7])
                    #expect(message.descriptors.count == 1)
                }
                try await sending.value
                let waiting = loop.createTask {
                    let none = OwnedDescriptors()
                    while true { try await loop.sockSendAll(sender, [1], descriptors: none) }
                }
                try await loop.sleep(for: .milliseconds(5))
                sender.close()
                await expectSocketEnded(waiting, "sockSendAll")
            }
        }

        @Test(arguments: SocketLoop.allCases)
        func errors_areTyped(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = try Socket.pair()
                let none = OwnedDescriptors()
                let empty = try await descriptorError {
                    try await loop.sockSendAll(one, [], descriptors: none)
                }
                #expect(empty.code == .invalidArgument)
                let ends = try (0..<2).map { _ in try WatchedEnd() }
                do {
                    var list = ends[0].takeList()
                    list.append(ends[1].take())
                    try await loop.sockSendAll(one, [1, 2], descriptors: list)
                }
                let cut = try await descriptorError {
                    _ = try await loop.sockRecvDescriptors(other, maxDescriptors: 1)
                }
                #expect(cut.code == .system && cut.errno == .messageTooLong)
                #expect((cut.attempts.first as? DescriptorError)?.bytes == [1, 2])
                #expect(ends.allSatisfy { $0.isReleased })
                other.close()
                let broken = try await descriptorError {
                    try await loop.sockSendAll(one, [1], descriptors: none)
                }
                #expect(broken.errno == .brokenPipe)
                let ended = try await loop.sockRecvDescriptors(one)
                #expect(ended.bytes.isEmpty && ended.descriptors.isEmpty)
                let closed = try await descriptorError { _ = try await loop.sockRecvDescriptors(other) }
                #expect(closed.code == .closed)
                // One that a transport owns.
                let (third, _) = try Socket.pair()
                let number = third.fileDescriptor
                let (transport, told) = try await loop.createUnixConnection(socket: third) { StreamRecorder(loop) }
                let lent = Socket(takingOwnershipOf: number)
                let owned = try await descriptorError { _ = try await loop.sockRecvDescriptors(lent) }
                #expect(owned.code == .descriptorInUse && owned.description.contains("transport"))
                _ = lent.detach()
                transport.close()
                try await told.waitUntilLost()
            }
        }

        @Test(arguments: SocketLoop.allCases)
        func cancelledReceive_losesNothing(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = try Socket.pair()
                let waiting = loop.createTask { _ = try await loop.sockRecvDescriptors(other) }
                try await loop.sleep(for: .milliseconds(1))
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
                // A message that arrives together with the cancellation is returned, or left to the next receive.
                for round in 0..<20 {
                    let end = try WatchedEnd()
                    var received = 0
                    let task = loop.createTask {
                        let message = try await loop.sockRecvDescriptors(other)
                        received += message.descriptors.count
                    }
                    try await loop.sleep(for: .zero)
                    do {
                        let list = end.takeList()
                        _ = try one.sendDescriptors(list, with: [1])
                    }
                    if round % 2 == 0 { try await loop.sleep(for: .zero) }
                    task.cancel()
                    do { try await task.value } catch { #expect(error is CancellationError) }
                    if received == 0 {
                        let message = try await loop.sockRecvDescriptors(other)
                        received += message.descriptors.count
                    }
                    #expect(received == 1)
                    #expect(end.isReleased)
                }
            }
        }

        @Test(arguments: SocketLoop.allCases)
        func receives_areServedInOrder_withAndWithoutDescriptors(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = try Socket.pair()
                let end = try WatchedEnd()
                let first = loop.createTask { try await loop.sockRecvDescriptors(other).bytes }
                try await loop.sleep(for: .zero)
                let second = loop.createTask { try await loop.sockRecv(other, 10) }
                try await loop.sleep(for: .zero)
                try await loop.sockSendAll(one, [1])
                #expect(try await first.value == [1])
                // A receive without descriptors: the kernel closes them.
                do {
                    let list = end.takeList()
                    try await loop.sockSendAll(one, [2], descriptors: list)
                }
                #expect(try await second.value == [2])
                #expect(end.isReleased)
            }
        }

        /// A task that waits when its socket is closed gets an error, and the descriptors of a message are closed.
        @Test(arguments: SocketLoop.allCases)
        func closingTheSocket_endsAWaitingReceive(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = try Socket.pair()
                let task = loop.createTask { _ = try await loop.sockRecvDescriptors(other) }
                try await loop.sleep(for: .milliseconds(1))
                let end = try WatchedEnd()
                other.close()
                do {
                    let list = end.takeList()
                    _ = try? one.sendDescriptors(list, with: [1])
                }
                let error = try await loopError { try await task.value }
                #expect(error.code == .closed)
                try await loop.eventually("the message is gone") { end.isReleased }
            }
        }

        /// SOCK-028: each send is a record, and a receive returns one; a longer one is truncated.
        @Test(arguments: SocketLoop.allCases)
        func seqpacket_keepsTheBoundariesOfRecords(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = try Socket.pair(type: Socket.seqpacket)
                for record: [UInt8] in [[1, 2, 3], [4], [5, 6, 7], [8]] { try await loop.sockSendAll(one, record) }
                #expect(try await loop.sockRecv(other, 10) == [1, 2, 3])
                #expect(try await loop.sockRecv(other, 10) == [4])
                #expect(try await loop.sockRecv(other, 2) == [5, 6])
                let last = try await loop.sockRecvDescriptors(other).bytes
                #expect(last == [8])
                one.close()
                #expect(try await loop.sockRecv(other, 10) == [])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func sockConnect_waits_whileTheBacklogIsFull(_ kind: LoopKind) async throws {
            try await runUnix(kind) { loop, directory, _ in
                let path = directory.file("s")
                let listener = try UnixListener(path, backlog: 0)
                let first = try RawPeer.connect(unixPath: path)
                let address = try SocketAddress(unixPath: path)
                let cancelled = try Socket.unix()
                let doomed = loop.createTask { try await loop.sockConnect(cancelled, address) }
                let socket = try Socket.unix()
                let task = loop.createTask { try await loop.sockConnect(socket, address) }
                try await loop.sleep(for: .milliseconds(5))
                #expect(!task.isDone && !doomed.isDone)
                doomed.cancel()
                await #expect(throws: CancellationError.self) { try await doomed.value }
                _ = try listener.accept()
                try await task.value
                #expect(try socket.peerAddress == address)
                first.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func closingTheLoop_endsAWaitingReceive(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (one, other) = try Socket.pair()
                let task = try loop.runUntilComplete {
                    let task = loop.createTask { _ = try await loop.sockRecvDescriptors(other) }
                    try await loop.sleep(for: .milliseconds(1))
                    return task
                }
                try loop.close()
                #expect(task.isDone)
                one.close()
                other.close()
            }
        }
    }
}

/// The error of an operation that returns nothing, because messages cannot be copied.
private func descriptorError(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> EventLoopError {
    try await loopError(sourceLocation: sourceLocation, body)
}
