package import Kernel

/// The descriptors that are passed with the bytes of one connection, in both directions.
///
/// Loop thread only, except that any thread may release it.
package final class DescriptorQueue {
    /// The maximum number of received descriptors that wait to be taken; a peer that sends more misuses the connection.
    private static let mostWaiting = 4 * OwnedDescriptors.maxCount

    /// Descriptors to be sent with a byte.
    private struct Attachment {
        /// The number of the byte, counted from the start of the connection.
        let position: Int
        let numbers: [Int32]
    }

    private var outgoing: [Attachment] = []
    private var incoming: [Int32] = []
    /// The number of bytes that the kernel has taken.
    private var sentBytes = 0

    package init() {}

    deinit {
        dropOutgoing()
        close(incoming)
    }

    // MARK: Sending

    /// Attaches descriptors to a byte that waits to be sent.
    ///
    /// - Parameter offset: How many unsent bytes precede it.
    package func attach(_ descriptors: consuming OwnedDescriptors, at offset: Int) {
        let numbers = descriptors.takeAll()
        guard !numbers.isEmpty else { return }
        let position = sentBytes + offset
        // A callback may have written and attached more before this.
        let index = outgoing.lastIndex { $0.position < position }.map { $0 + 1 } ?? 0
        outgoing.insert(Attachment(position: position, numbers: numbers), at: index)
    }

    /// The descriptors to send with the next byte, and how many of the next `count` bytes may be sent with them.
    package func next(of count: Int) -> (descriptors: [Int32], bytes: Int) {
        guard let first = outgoing.first else { return ([], count) }
        guard first.position == sentBytes else { return ([], min(count, first.position - sentBytes)) }
        let end = outgoing.count > 1 ? outgoing[1].position - sentBytes : count
        return (first.numbers, min(count, end))
    }

    /// Notes that the kernel has taken bytes, and the descriptors that were attached to them.
    package func sent(_ count: Int) {
        sentBytes += count
        while let first = outgoing.first, first.position < sentBytes { close(outgoing.removeFirst().numbers) }
    }

    /// Closes the descriptors that can no longer be sent.
    package func dropOutgoing() {
        for attachment in outgoing { close(attachment.numbers) }
        outgoing = []
    }

    // MARK: Receiving

    /// Takes ownership of descriptors that have arrived; false if too many wait to be taken, and then they are closed.
    package func received(_ numbers: [Int32]) -> Bool {
        if numbers.isEmpty { return true }
        guard incoming.count + numbers.count <= Self.mostWaiting else {
            close(numbers)
            return false
        }
        incoming += numbers
        return true
    }

    /// How many received descriptors have not been taken.
    package var waiting: Int { incoming.count }

    package func takeFirst() -> OwnedDescriptor? {
        incoming.isEmpty ? nil : OwnedDescriptor(takingOwnershipOf: incoming.removeFirst())
    }

    package func takeAll() -> OwnedDescriptors {
        let taken = incoming
        incoming = []
        return OwnedDescriptors(takingOwnershipOf: taken)
    }

    private func close(_ numbers: [Int32]) {
        _ = OwnedDescriptors(takingOwnershipOf: numbers)
    }
}
