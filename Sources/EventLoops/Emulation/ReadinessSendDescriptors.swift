internal import Glibc
internal import Kernel

/// Sends bytes with descriptors as soon as the socket has space; the result is the number of bytes.
final class ReadinessSendDescriptors: ReadinessOperation, @unchecked Sendable {
    private let bytes: ArraySlice<UInt8>
    private let descriptors: [Int32]
    private let sockets: any SocketSystem

    /// - Parameter descriptors: Descriptors that stay open until the operation has ended.
    init(
        _ descriptor: Int32, _ bytes: ArraySlice<UInt8>, descriptors: [Int32], on queue: WorkQueue,
        channels: any ChannelFactory, sockets: any SocketSystem
    ) {
        self.bytes = bytes
        self.descriptors = descriptors
        self.sockets = sockets
        super.init(descriptor, waitsFor: .writing, on: queue, channels: channels)
    }

    override func attempt() throws(Errno) -> Int? {
        var failure: Errno?
        let sent = bytes.withUnsafeBytes { bytes -> Int in
            var vector = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
            do throws(Errno) {
                return try sockets.send(descriptor, &vector, count: 1, descriptors: descriptors)
            } catch {
                failure = error
                return 0
            }
        }
        guard let failure else { return sent }
        if failure == .resourceTemporarilyUnavailable { return nil }
        throw failure
    }

    override func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(.send, descriptor, owner: wait.ownerText)
    }
}
