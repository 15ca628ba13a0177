import Kernel
import TestSupport
import Testing

@testable import EventLoops

/// The connections that a loop passes on to another, and those that a server holds.
@Suite struct ServerShareTests {
    @Test func connection_doesNotCount_onceItIsDroppedWithItsLoop() throws {
        let loop = try FakeLoop()
        let server = Server(core: loop.core, descriptors: [], backlog: 1) { preconditionFailure("nothing is served") }
        let share = ServerShare(server, on: loop)
        let (one, other) = try Socket.pair()
        #expect(share.take(one.detach()))
        #expect(share.load == 1)
        try loop.close()
        #expect(share.load == 0)
        #expect(SocketCalls.hasEnded(other.fileDescriptor), "the connection is closed")
        #expect(!share.take(other.fileDescriptor), "the caller still owns it")
        #expect(share.load == 0 && Descriptor.isOpen(other.fileDescriptor))
        other.close()
    }

    @Test func heldConnections_areOrdered_andTheirListIsBounded() {
        let held = HeldConnections(limit: nil)
        for number in Int32(0)..<3 { held.append(number) }
        for number in Int32(3)..<1000 {
            held.append(number)
            #expect(held.popFirst() == number - 3)
            #expect(held.count == 3)
            #expect(held.descriptors.count <= HeldConnections.most + 3)
        }
        #expect(held.removeAll() == [997, 998, 999])
        #expect(held.popFirst() == nil && held.count == 0)
    }
}
