internal import Kernel

/// Receives bytes and descriptors as soon as some arrive; the result is the number of bytes.
final class ReadinessReceiveDescriptors: ReadinessOperation, @unchecked Sendable {
    private let maxBytes: Int
    private let sockets: any SocketSystem
    private var bytes: [UInt8] = []
    private var arrival = DescriptorArrival()

    init(
        _ descriptor: Int32, maxBytes: Int, on queue: WorkQueue, channels: any ChannelFactory,
        sockets: any SocketSystem
    ) {
        self.maxBytes = maxBytes
        self.sockets = sockets
        super.init(descriptor, waitsFor: .reading, on: queue, channels: channels)
    }

    deinit {
        closeDescriptors()
    }

    override func attempt() throws(Errno) -> Int? {
        var failure: Errno?
        bytes = [UInt8](unsafeUninitializedCapacity: maxBytes) { buffer, count in
            do throws(Errno) {
                arrival = try sockets.receiveDescriptors(descriptor, into: UnsafeMutableRawBufferPointer(buffer))
                count = min(arrival.count, buffer.count)
            } catch { failure = error }
        }
        guard let failure else { return bytes.count }
        if failure == .resourceTemporarilyUnavailable { return nil }
        throw failure
    }

    /// The message that was received, once; the caller owns its descriptors.
    func takeMessage(atMost limit: Int) throws(DescriptorError) -> DescriptorMessage {
        let taken = arrival
        arrival = DescriptorArrival()
        return try taken.message(bytes, atMost: limit)
    }

    override func abandon(_ result: Int) {
        closeDescriptors()
    }

    private func closeDescriptors() {
        _ = OwnedDescriptors(takingOwnershipOf: arrival.descriptors)
        arrival = DescriptorArrival()
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.receive, descriptor, owner: wait.ownerText)
    }
}
