internal import EventLoops
internal import Kernel
internal import Uring

/// The receive buffers of a loop's datagram sockets: one group for each buffer size, registered with the first socket
/// that needs it.
///
/// A buffer holds the longest datagram, so none is truncated; pages of a buffer that were never written use no memory.
final class DatagramPools {
    private let ring: Ring
    private let segments: SegmentPool
    private var internet: DatagramPool?
    private var unix: DatagramPool?
    /// Whether there is any pool; checked in each turn.
    private(set) var isInUse = false
    private let lock = Lock()
    /// All pools, for threads that read counters; guarded by the lock.
    private var all: [ReceivePool] = []

    init(_ ring: Ring, segments: SegmentPool) {
        self.ring = ring
        self.segments = segments
    }

    /// The pool for the datagrams of a family.
    ///
    /// - Throws: ``RingError`` if the kernel cannot register it.
    func pool(for family: AddressFamily) throws(RingError) -> DatagramPool {
        if let pool = family == .unix ? unix : internet { return pool }
        let pool = try DatagramPool(ring, group: family == .unix ? 2 : 1, family)
        if family == .unix { unix = pool } else { internet = pool }
        isInUse = true
        lock.withLock { all.append(pool.buffers) }
        segments.adopt(pool.buffers.lent)
        return pool
    }

    /// Returns buffers without readers to the kernel, and then lets starved channels receive.
    func returnBuffers() {
        internet?.buffers.returnBuffers()
        unix?.buffers.returnBuffers()
    }

    /// Unregisters the groups; all receives into them must have ended.
    func unregister() {
        internet?.buffers.unregister()
        unix?.buffers.unregister()
    }

    /// The number of buffers that have a reader, and of all buffers given to the kernel so far.
    ///
    /// Any thread.
    var usage: (lent: Int, total: Int) {
        lock.withLock {
            all.reduce(into: (0, 0)) { usage, pool in
                usage.0 += pool.lent.outstanding
                usage.1 += pool.lent.total
            }
        }
    }
}

/// A group of buffers for datagrams of one size.
final class DatagramPool {
    let buffers: ReceivePool
    let space: MessageSpace
    /// What each receive passes to the kernel.
    let template: UnsafeMutableRawPointer

    /// The maximum number of buffers, 17 MiB of addresses; the kernel rarely fills more than a few dozen in a turn.
    private static func count(_ family: AddressFamily) -> Int { family == .unix ? 64 : 256 }

    init(_ ring: Ring, group: UInt16, _ family: AddressFamily) throws(RingError) {
        let size = DatagramSpace(family)
        space = MessageSpace(name: size.name, control: size.control, payload: size.payload)
        let count = Self.count(family)
        buffers = try ReceivePool(
            ring, group: group, count: count, size: space.bufferSize, length: space.length, first: count / 4,
            hugePages: false)
        template = space.makeTemplate()
    }

    deinit {
        template.deallocate()
    }
}
