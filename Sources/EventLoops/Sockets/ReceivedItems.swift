internal import Kernel

/// Something that an operation took from a socket.
enum ReceivedItem {
    case bytes(ArraySlice<UInt8>, from: SocketAddress?)
    /// Bytes with descriptors, which are closed with this item unless they are taken.
    case message(ArraySlice<UInt8>, PassedDescriptors)
    case connection(Socket, from: SocketAddress?)
    /// An error that the kernel reports only once.
    case failure(Errno)

    var bytes: ArraySlice<UInt8> {
        switch self {
        case .bytes(let bytes, _), .message(let bytes, _): bytes
        case .connection, .failure: []
        }
    }

    /// The kernel's error for an operation that cannot receive this; nil if it can.
    fileprivate func mismatch(with kind: SocketOperationKind) -> Errno? {
        switch self {
        case .bytes, .message: kind == .accept ? .invalidArgument : nil
        case .connection: kind == .accept ? nil : .notConnected
        case .failure: nil
        }
    }
}

/// What operations took from a socket for tasks that were then cancelled, for the tasks that call next.
struct ReceivedItems {
    private var items: [ReceivedItem] = []
    /// Whether bytes form a stream, so that an item may be fetched in parts.
    private let isStream: Bool

    init(isStream: Bool) {
        self.isStream = isStream
    }

    var isEmpty: Bool { items.isEmpty }

    /// Puts an item before those that arrived after it.
    mutating func giveBack(_ item: ReceivedItem) {
        // The end of a stream can be received again.
        switch item {
        case .bytes(let bytes, _), .message(let bytes, _): if isStream, bytes.isEmpty { return }
        case .connection, .failure: break
        }
        items.insert(item, at: 0)
    }

    /// Completes an operation with the first item, as the kernel would.
    ///
    /// An item that the operation cannot receive stays.
    mutating func deliver(to operation: any SocketOperation, of kind: SocketOperationKind) {
        if let mismatch = items[0].mismatch(with: kind) {
            operation.wait.finish(.failure(mismatch))
            return
        }
        switch items.removeFirst() {
        case .bytes(let bytes, let sender):
            deliver(bytes, from: sender, to: operation, kind == .receiveDescriptors ? DescriptorArrival() : nil)
        case .message(let bytes, let passed):
            // Like the kernel, close descriptors that the operation does not take.
            deliver(bytes, from: nil, to: operation, kind == .receiveDescriptors ? passed.takeArrival() : nil)
        case .connection(let socket, let peer):
            operation.address = peer
            operation.wait.finish(.success(Int(socket.detach())))
        case .failure(let errno): operation.wait.finish(.failure(errno))
        }
    }

    /// Ends an operation with bytes; those of a stream that do not fit stay.
    private mutating func deliver(
        _ bytes: ArraySlice<UInt8>, from sender: SocketAddress?, to operation: any SocketOperation,
        _ arrival: DescriptorArrival?
    ) {
        let count = min(bytes.count, operation.bytes.count)
        operation.bytes.copyBytes(from: bytes.prefix(count))
        operation.address = sender
        if isStream, count < bytes.count { items.insert(.bytes(bytes.dropFirst(count), from: sender), at: 0) }
        if var arrival {
            if !isStream, count < bytes.count { arrival.isTruncated = true }
            operation.passed.store(arrival)
        }
        operation.wait.finish(.success(count))
    }

    /// The number of bytes that are lost when this is dropped.
    var unfetchedBytes: Int {
        items.reduce(0) { $0 + $1.bytes.count }
    }
}
