import Glibc
import TestSupport
import Testing

@testable import Kernel

struct SocketDescriptorTests {
    @Test func ownedDescriptor_isClosedWithItsOwner() throws {
        let end = try WatchedEnd()
        do {
            let descriptor = end.take()
            #expect(descriptor.fileDescriptor >= 0)
            #expect(!end.isReleased)
        }
        #expect(end.isReleased)
    }

    @Test func takenDescriptor_staysOpen() throws {
        let end = try WatchedEnd()
        let number = end.take().detach()
        #expect(!end.isReleased)
        let socket = OwnedDescriptor(takingOwnershipOf: number).intoSocket()
        #expect(socket.fileDescriptor == number)
        socket.close()
        #expect(end.isReleased)
    }

    @Test func list_closesWhatIsNotTaken() throws {
        let ends = try (0..<3).map { _ in try WatchedEnd() }
        do {
            var list = ends[0].takeList()
            for end in ends.dropFirst() { list.append(end.take()) }
            #expect(list.count == 3 && list.fileDescriptors.count == 3)
            let first = try required(list.takeFirst())
            #expect(ends[0].isOther(first.fileDescriptor))
            #expect(list.count == 2)
        }
        #expect(ends.allSatisfy { $0.isReleased })
    }

    @Test func duplicating_keepsTheOriginal() throws {
        let (one, _) = try Socket.pair()
        let list = try OwnedDescriptors(duplicating: [one.fileDescriptor, one.fileDescriptor])
        #expect(Set(list.fileDescriptors + [one.fileDescriptor]).count == 3)
        for number in list.fileDescriptors { #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0) }
        #expect(throws: Errno.badFileDescriptor) { try list.duplicateOf(-1) }
    }

    @Test(arguments: [Socket.stream, Socket.datagram, Socket.seqpacket])
    func descriptors_arriveWithTheirBytes(type: Int32) throws {
        let (one, other) = try Socket.pair(type: type)
        let end = try WatchedEnd()
        let sent = try one.sendDescriptors(end.takeList(), with: [1, 2, 3])
        #expect(sent == 3)
        #expect(!end.isReleased, "the descriptor is in the message")
        do {
            var message = try other.receiveDescriptors()
            #expect(message.bytes == [1, 2, 3])
            #expect(message.isTruncated == false)
            #expect(message.descriptors.count == 1)
            let descriptor = try required(message.descriptors.takeFirst())
            #expect(descriptor.fileDescriptor > 2)
            #expect(fcntl(descriptor.fileDescriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(end.isOther(descriptor.fileDescriptor))
        }
        #expect(end.isReleased)
        expectError(.wouldBlock) { () throws(DescriptorError) in _ = try other.receiveDescriptors() }
    }

    @Test func mostDescriptors_fitIntoOneMessage() throws {
        let (one, other) = try Socket.pair()
        let end = try WatchedEnd()
        do {
            let given = end.take()
            let numbers = [Int32](repeating: given.fileDescriptor, count: OwnedDescriptors.maxCount)
            let list = try OwnedDescriptors(duplicating: numbers)
            #expect(try one.sendDescriptors(list, with: [1]) == 1)
            let count = try other.receiveDescriptors().descriptors.count
            #expect(count == 253)
            let tooMany = try OwnedDescriptors(duplicating: numbers + [given.fileDescriptor])
            expectError(.invalidArgument) { () throws(DescriptorError) in
                _ = try one.sendDescriptors(tooMany, with: [1])
            }
        }
        #expect(end.isReleased)
    }

    @Test func receive_needsSpaceForAByte_andLimitsItsMemory() throws {
        let (one, other) = try Socket.pair(type: Socket.datagram)
        let end = try WatchedEnd()
        _ = try one.sendDescriptors(end.takeList(), with: [1])
        expectError(.invalidArgument) { () throws(DescriptorError) in _ = try other.receiveDescriptors(maxBytes: 0) }
        expectError(.invalidArgument) { () throws(DescriptorError) in _ = try other.receiveDescriptors(maxBytes: -1) }
        let message = try other.receiveDescriptors(maxBytes: .max)
        #expect(message.bytes == [1])
        #expect(message.descriptors.count == 1)
    }

    /// The kernel reports success for a stream, and drops the descriptors.
    @Test func descriptorsWithoutBytes_areRefused() throws {
        let (one, _) = try Socket.pair()
        let end = try WatchedEnd()
        do {
            let list = end.takeList()
            expectError(.invalidArgument) { () throws(DescriptorError) in _ = try one.sendDescriptors(list, with: []) }
            #expect(!end.isReleased, "the caller keeps them")
        }
        #expect(end.isReleased)
    }

    @Test func moreDescriptorsThanRequested_areClosed_andTheBytesAreInTheError() throws {
        let (one, other) = try Socket.pair()
        let ends = try (0..<3).map { _ in try WatchedEnd() }
        do {
            var list = OwnedDescriptors()
            for end in ends { list.append(end.take()) }
            _ = try one.sendDescriptors(list, with: [7, 8])
        }
        expectError(.messageTooLong, bytes: [7, 8]) { () throws(DescriptorError) in
            _ = try other.receiveDescriptors(maxDescriptors: 2)
        }
        #expect(ends.allSatisfy { $0.isReleased })
    }

    @Test func unaskedDescriptors_areClosedByTheKernel() throws {
        let (one, other) = try Socket.pair()
        let end = try WatchedEnd()
        _ = try one.sendDescriptors(end.takeList(), with: [7])
        var bytes = [UInt8](repeating: 0, count: 4)
        #expect(try bytes.withUnsafeMutableBytes { try SocketCalls.receive(other.fileDescriptor, into: $0) } == 1)
        #expect(end.isReleased)
    }

    @Test func descriptorsOfAMessageThatNobodyReceives_areClosedWithTheSocket() throws {
        let (one, other) = try Socket.pair()
        let end = try WatchedEnd()
        _ = try one.sendDescriptors(end.takeList(), with: [7])
        #expect(!end.isReleased)
        other.close()
        #expect(end.isReleased)
    }

    /// Also for a part of the descriptors, and with room for none.
    @Test func shortageOfDescriptors_closesThoseThatArrived() async {
        await #expect(processExitsWith: .success) {
            let (one, other) = try Socket.pair()
            let limit = try DescriptorLimit.current().soft
            for room in [0, 1] {
                let ends = try (0..<3).map { _ in try WatchedEnd() }
                var list = OwnedDescriptors()
                for end in ends { list.append(end.take()) }
                _ = try one.sendDescriptors(list, with: [7, 8])
                while list.takeFirst() != nil {}
                let free = try Descriptor.duplicate(one.fileDescriptor)
                try Descriptor.close(free)
                try DescriptorLimit.setSoft(UInt64(Int(free) + room))
                expectError(.tooManyOpenFiles, bytes: [7, 8]) { () throws(DescriptorError) in
                    _ = try other.receiveDescriptors()
                }
                try DescriptorLimit.setSoft(limit)
                #expect(ends.allSatisfy { $0.isReleased })
            }
        }
    }

    @Test func otherControlData_isSkipped() throws {
        let (one, other) = try Socket.pair()
        // The kernel now adds the sender's credentials to each message.
        try other.setOption(SO_PASSCRED, level: SOL_SOCKET, to: 1)
        let end = try WatchedEnd()
        _ = try one.sendDescriptors(end.takeList(), with: [7])
        let count = try other.receiveDescriptors().descriptors.count
        #expect(count == 1)
        #expect(end.isReleased)
    }

    @Test func records_keepTheirBoundaries_andAreCut() throws {
        let (one, other) = try Socket.pair(type: Socket.seqpacket)
        let none = OwnedDescriptors()
        for record in [[1, 2, 3], [4], [5, 6, 7, 8]] as [[UInt8]] {
            #expect(try one.sendDescriptors(none, with: record) == record.count)
        }
        let first = try other.receiveDescriptors().bytes
        let second = try other.receiveDescriptors().bytes
        #expect(first == [1, 2, 3] && second == [4])
        let cut = try other.receiveDescriptors(maxBytes: 2)
        #expect(cut.bytes == [5, 6] && cut.isTruncated)
        one.close()
        let end = try other.receiveDescriptors()
        #expect(end.bytes.isEmpty && !end.isTruncated)
    }
}

extension OwnedDescriptors {
    fileprivate func duplicateOf(_ number: Int32) throws {
        _ = try OwnedDescriptors(duplicating: fileDescriptors + [number])
    }
}

/// Expects an error and the bytes that it carries.
private func expectError(
    _ errno: Errno, bytes: [UInt8] = [], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws(DescriptorError) -> Void
) {
    do throws(DescriptorError) {
        try body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect(error.errno == errno && error.bytes == bytes, sourceLocation: sourceLocation)
    }
}
