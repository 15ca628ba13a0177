import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// A socket may be closed or detached while tasks use it.
    @Suite struct SocketClosing {
        /// SOCK-022.
        @Test(arguments: SocketLoop.allCases)
        func close_endsWaitingTasks_andThePeerSeesTheEnd(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for stream in StreamKind.allCases {
                    let (socket, peer) = try stream.pair()
                    let receiving = (0..<3).map { _ in loop.createTask { try await loop.sockRecv(socket, 10) } }
                    try await loop.turns()
                    let descriptor = socket.fileDescriptor
                    socket.close()
                    #expect(socket.fileDescriptor == -1)
                    // The number stays in use until the kernel no longer acts on it.
                    #expect(Descriptor.isOpen(descriptor))
                    await expectSocketEnded(loop.createTask { try await loop.sockRecv(socket, 10) }, "sockRecv")
                    for task in receiving { await expectSocketEnded(task, "sockRecv") }
                    #expect(try await loop.sockRecv(peer, 10) == [])
                }
            }
        }

        /// SOCK-023.
        @Test(arguments: SocketLoop.allCases)
        func close_endsConnectsAndSends(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let deaf = try DeafListener()
                defer { deaf.close() }
                let (client, address) = (try Socket(family: .ipv4), deaf.address)
                let connecting = loop.createTask { try await loop.sockConnect(client, address) }
                let (socket, peer) = try Socket.pair()
                let sending = (0..<2).map { _ in
                    loop.createTask { try await loop.sockSendAll(socket, Pattern.bytes(4 << 20)) }
                }
                let listener = try Socket.listening()
                let accepting = loop.createTask { try await loop.sockAccept(listener) }
                try await loop.turns()
                for socket in [client, socket, listener] { socket.close() }
                await expectSocketEnded(connecting, "sockConnect")
                for task in sending { await expectSocketEnded(task, "sockSendAll") }
                await expectSocketEnded(accepting, "sockAccept")
                // The bytes that the kernel had taken arrive before the end.
                let received = try await loop.receiveExactly(peer, .max)
                #expect(!received.isEmpty && received.withUnsafeBytes { Pattern.matches($0, at: 0) })
            }
        }

        /// SOCK-022.
        ///
        /// Another thread closes the socket.
        @Test(arguments: SocketLoop.allCases)
        func close_onAnotherThread_endsWaitingTasks(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for round in 0..<20 {
                    let (socket, peer) = try Socket.pair()
                    let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                    if round % 2 == 0 { try await loop.turns(2) }
                    let helper = HelperThread { socket.close() }
                    await expectSocketEnded(receiving, "sockRecv")
                    helper.join()
                    #expect(try await loop.sockRecv(peer, 10) == [])
                }
            }
        }

        /// SOCK-022.
        ///
        /// A new socket with the same number gets none of the former one's bytes.
        @Test(arguments: SocketLoop.allCases)
        func reusedNumber_getsNothingOfTheFormerSocket(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for arrivesBefore in [false, true] {
                    let (socket, peer) = try Socket.pair()
                    let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                    try await loop.turns()
                    let number = socket.fileDescriptor
                    if arrivesBefore {
                        try peer.sendNow([1, 2, 3])
                        try await loop.turns(1)
                        await expectCancelled(receiving)
                        socket.close()
                    } else {
                        socket.close()
                        try peer.sendNow([1, 2, 3])
                        _ = try? await receiving.value
                    }
                    let (other, otherPeer) = try Socket.pair()
                    let again = try Socket(takingOwnershipOf: duplicate(other.fileDescriptor, wanting: number))
                    try otherPeer.sendNow([9])
                    #expect(try await loop.sockRecv(again, 10) == [9])
                }
            }
        }

        /// The bytes that a receive got before the socket was closed are not lost.
        @Test(arguments: SocketLoop.allCases)
        func receiveThatHasFinished_isNotAffectedByClose(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                try peer.sendNow([1, 2])
                let receiving = loop.createTask {
                    defer { socket.close() }
                    return try await loop.sockRecv(socket, 10)
                }
                #expect(try await receiving.value == [1, 2])
                #expect(try await loop.sockRecv(peer, 10) == [])
            }
        }

        @Test(arguments: SocketLoop.allCases)
        func detach_endsWaitingTasks_andKeepsTheConnection(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                try await loop.turns()
                let again = Socket(takingOwnershipOf: socket.detach())
                await expectSocketEnded(receiving, "sockRecv")
                socket.close()
                try peer.sendNow([1])
                #expect(try await loop.sockRecv(again, 10) == [1])
                try await loop.sockSendAll(again, [2])
                #expect(try peer.receiveNow() == [2])
            }
        }

        /// SOCK-033.
        @Test(arguments: SocketLoop.allCases)
        func cancelledReceive_doesNotDelayTheEnd(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for stream in StreamKind.allCases {
                    let (socket, peer) = try stream.pair()
                    let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                    try await loop.turns()
                    await expectCancelled(receiving)
                    socket.close()
                    // The end is there at once, without another turn of the loop.
                    #expect(try peer.receiveNow() == [])
                }
            }
        }

        /// SOCK-024.
        @Test(arguments: SocketLoop.allCases)
        func closingTheLoop_endsWaitingTasks(_ kind: SocketLoop) async throws {
            try await onThread {
                let before = OpenSockets.open()
                do {
                    let (socket, peer) = try Socket.pair()
                    let outcomes = Locked<[String]>([])
                    let loop = try kind.make()
                    try loop.runUntilComplete {
                        for _ in 0..<2 {
                            loop.createTask {
                                do { _ = try await loop.sockRecv(socket, 10) } catch {
                                    outcomes.update { $0.append("\(type(of: error))") }
                                }
                            }
                        }
                        try await loop.turns()
                    }
                    try loop.close()
                    #expect(outcomes.value == ["CancellationError", "CancellationError"])
                    #expect(socket.fileDescriptor >= 0)
                    socket.close()
                    #expect(try peer.receiveNow() == [])
                }
                #expect(OpenSockets.left(since: before) == [])
            }
        }

        /// SOCK-024.
        ///
        /// The socket is closed while the loop does not run, and then the loop.
        @Test(arguments: SocketLoop.allCases)
        func socketAndLoop_mayBeClosedInAnyOrder(_ kind: SocketLoop) async throws {
            try await onThread {
                let before = OpenSockets.open()
                do {
                    let (socket, peer) = try Socket.pair()
                    let loop = try kind.make()
                    try loop.runUntilComplete {
                        loop.createTask { try await loop.sockRecv(socket, 10) }
                        try await loop.turns()
                    }
                    socket.close()
                    try loop.close()
                    #expect(try peer.receiveNow() == [])
                }
                #expect(OpenSockets.left(since: before) == [])
            }
        }
    }
}
