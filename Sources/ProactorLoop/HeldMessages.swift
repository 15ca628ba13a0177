internal import EventLoops
internal import Kernel

/// The messages that a datagram socket received while its owner took none, in order.
///
/// A message stays in its receive buffer. When half of the buffers are kept, messages are copied instead, so that
/// paused sockets cannot starve the others.
final class HeldMessages {
    enum Entry {
        case kept(UInt16, result: Int32)
        case copied(UnsafeMutableRawPointer, result: Int32)
        case failure(Errno)
    }

    private let pool: ReceivePool
    private var entries: [Entry] = []
    private var first = 0

    init(_ pool: ReceivePool) {
        self.pool = pool
    }

    deinit {
        removeAll()
    }

    var isEmpty: Bool {
        first == entries.count
    }

    /// Appends a message, whose buffer the caller holds only during the call.
    func append(_ buffer: UnsafeRawPointer, result: Int32) {
        let bytes = UnsafeRawBufferPointer(start: buffer, count: Int(result))
        if let piece = pool.lent.keep(bytes) {
            entries.append(.kept(piece, result: result))
        } else {
            let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 16)
            copy.copyMemory(from: buffer, byteCount: bytes.count)
            entries.append(.copied(copy, result: result))
        }
    }

    func append(_ errno: Errno) {
        entries.append(.failure(errno))
    }

    /// Removes the oldest entry; the caller passes it to ``release(_:)``.
    func popFirst() -> Entry? {
        guard first < entries.count else { return nil }
        defer {
            first += 1
            if first == entries.count {
                entries.removeAll(keepingCapacity: true)
                first = 0
            }
        }
        return entries[first]
    }

    /// The address of an entry's message; nil for a failure.
    func address(of entry: Entry) -> UnsafeRawPointer? {
        switch entry {
        case .kept(let piece, _): UnsafeRawPointer(pool.address(of: piece))
        case .copied(let copy, _): UnsafeRawPointer(copy)
        case .failure: nil
        }
    }

    func release(_ entry: Entry) {
        switch entry {
        case .kept(let piece, _): pool.takeBack(piece)
        case .copied(let copy, _): copy.deallocate()
        case .failure: break
        }
    }

    func removeAll() {
        while let entry = popFirst() { release(entry) }
    }
}
