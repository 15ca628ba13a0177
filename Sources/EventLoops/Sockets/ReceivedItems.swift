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
    /// - Parameter takesDescriptors: Whether the operation takes descriptors; otherwise they are closed, as the kernel
    ///   would do.
    mutating func deliver(to operation: any SocketOperation, takesDescriptors: Bool) {
        let item = items.removeFirst()
        switch item {
        case .bytes(let bytes, let sender):
            let count = min(bytes.count, operation.bytes.count)
            operation.bytes.copyBytes(from: bytes.prefix(count))
            operation.address = sender
            if isStream, count < bytes.count { items.insert(.bytes(bytes.dropFirst(count), from: sender), at: 0) }
            operation.wait.finish(.success(count))
        case .message(let bytes, let passed):
            items.insert(.bytes(bytes, from: nil), at: 0)
            if takesDescriptors { operation.passed.store(passed.takeArrival()) }
            deliver(to: operation, takesDescriptors: takesDescriptors)
        case .connection(let socket, let peer):
            operation.address = peer
            operation.wait.finish(.success(Int(socket.detach())))
        case .failure(let errno): operation.wait.finish(.failure(errno))
        }
    }

    /// The number of bytes that are lost when this is dropped.
    var unfetchedBytes: Int {
        items.reduce(0) { $0 + $1.bytes.count }
    }
}
