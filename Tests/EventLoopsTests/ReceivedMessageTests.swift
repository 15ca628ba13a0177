import Kernel
import TestSupport
import Testing

@testable import EventLoops

/// A message with descriptors that was received for a task that was then cancelled.
struct ReceivedMessageTests {
    @Test(arguments: [true, false])
    func message_isDeliveredToTheNextCall_whichMayTakeItsDescriptors(takes: Bool) throws {
        let end = try WatchedEnd()
        var items = ReceivedItems(isStream: true)
        items.giveBack(message(end, [1, 2, 3]))
        #expect(items.unfetchedBytes == 3)
        let operation = Operation(count: 2)
        items.deliver(to: operation, of: takes ? .receiveDescriptors : .receive)
        #expect(operation.received == [1, 2])
        if takes {
            let message = try operation.passed.takeArrival().message([1, 2], atMost: 1)
            #expect(message.descriptors.count == 1)
            #expect(end.isReleased == false)
        }
        #expect(end.isReleased)
        items.deliver(to: operation, of: takes ? .receiveDescriptors : .receive)
        #expect(operation.received == [3])
        #expect(items.isEmpty)
    }

    @Test func itemThatACallCannotReceive_stays() throws {
        let operation = Operation(count: 2)
        var bytes = ReceivedItems(isStream: true)
        bytes.giveBack(.bytes([1, 2], from: nil))
        bytes.deliver(to: operation, of: .accept)
        #expect(bytes.unfetchedBytes == 2)
        var connections = ReceivedItems(isStream: true)
        let end = try WatchedEnd()
        connections.giveBack(.connection(end.take().intoSocket(), from: nil))
        for kind in [SocketOperationKind.receive, .receiveFrom, .receiveDescriptors] {
            connections.deliver(to: operation, of: kind)
            #expect(!connections.isEmpty && !end.isReleased && operation.received == [])
        }
        connections = ReceivedItems(isStream: true)
        #expect(end.isReleased)
    }

    @Test func droppedItems_closeTheirDescriptors() throws {
        let end = try WatchedEnd()
        var items = ReceivedItems(isStream: false)
        items.giveBack(message(end, []))
        #expect(!items.isEmpty && !end.isReleased)
        items = ReceivedItems(isStream: false)
        #expect(end.isReleased)
    }

    private func message(_ end: WatchedEnd, _ bytes: [UInt8]) -> ReceivedItem {
        let passed = PassedDescriptors()
        var arrival = DescriptorArrival()
        arrival.descriptors = [end.take().detach()]
        passed.store(arrival)
        return .message(bytes[...], passed)
    }
}

/// An operation that is never started.
private final class Operation: SocketOperation, @unchecked Sendable {
    let wait = OperationWait(queue: WorkQueue())
    let passed = PassedDescriptors()
    var bytes: UnsafeMutableRawBufferPointer
    var address: SocketAddress?

    init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 1)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit {
        bytes.deallocate()
    }

    /// The bytes, without those that were not written.
    var received: [UInt8] {
        defer { bytes.initializeMemory(as: UInt8.self, repeating: 0) }
        return bytes.filter { $0 != 0 }
    }

    func start() {}
    func requestCancel() {}
    func abandon(_ result: Int) {}
}
