import CUring
import Glibc
import Kernel

/// A group of provided buffers: a ring of buffer entries shared with the kernel, and one region of buffer memory.
///
/// The kernel selects a buffer when it has received data, and the completion names it: ``CompletionFlags/buffer``. The
/// caller reads the data at ``address(of:)``, and returns the buffer with ``give(_:)`` after its last use. The kernel
/// may select it again after the next ``publish()``.
///
/// Shut down in this order: cancel all receives into the group and dispatch their last completions; call
/// ``unregister()``; release this object. Its deinit unmaps the memory, so it must outlive the ring's operations: the
/// kernel writes to the addresses that it was given, even if another mapping has taken them over.
package final class BufferRing {
    /// The group ID, by which operations select this ring.
    package let group: UInt16
    /// The capacity in buffers: a power of two, lower than requested if locked memory was short.
    package let count: Int
    /// The number of buffers given to the kernel so far, starting with buffer 0.
    package private(set) var supplied = 0
    /// Bytes per buffer.
    package let size: Int
    /// How many bytes of a buffer the kernel may fill.
    private let length: UInt32
    /// The address of buffer 0, which the other buffers follow contiguously.
    package let base: UnsafeMutableRawPointer

    private let places: UnsafeMutablePointer<io_uring_buf_ring>
    private let placesLength: Int
    private let mask: UInt16
    /// Buffers given since the last publish.
    ///
    /// Stored behind a pointer, to avoid an exclusivity check per buffer.
    private let pending: UnsafeMutablePointer<UInt16>
    private let ring: Ring
    private var isRegistered = true

    /// The smallest useful number of buffers.
    private static let fewest = 8

    /// Registers `count` buffers of `size` bytes as a group of the ring, and gives the kernel the first of them.
    ///
    /// On some kernels the ring of entries counts against RLIMIT_MEMLOCK. If the limit is reached, half as many buffers
    /// are tried, down to 8. The buffers themselves do not count, and use memory only after they are first written.
    ///
    /// - Parameters:
    ///   - count: A power of two up to 32768.
    ///   - size: Bytes per buffer. Small buffers are the most costly mistake; 16 to 64 KiB suit streams.
    ///   - length: How many bytes of a buffer the kernel may fill; nil for all.
    ///   - first: The number of buffers to start with; ``supplyMore()`` adds the others.
    ///   - hugePages: Whether huge pages suit the buffers: not if most bytes of a buffer are never written.
    /// - Throws: ``RingError`` for "io_uring_register(PBUF_RING)": EEXIST if the group ID is taken, ENOMEM if memory is
    ///   short.
    package init(
        ring: Ring, group: UInt16, count: Int, size: Int, length: Int? = nil, first: Int = .max,
        hugePages: Bool = true
    ) throws(RingError) {
        precondition(count > 0 && count <= 32768 && count & (count - 1) == 0, "the count must be a power of two")
        precondition(size > 0 && size <= Int(Int32.max), "a buffer must have 1 to 2^31 - 1 bytes")
        let (places, available) = try Self.register(ring, group, count)
        do throws(RingError) {
            base = try Self.map(available * size, hugePages: hugePages)
        } catch {
            _ = cu_unregister_buffers(ring.fileDescriptor, group)
            munmap(places, Self.placesLength(available))
            throw error
        }
        self.places = places.assumingMemoryBound(to: io_uring_buf_ring.self)
        self.placesLength = Self.placesLength(available)
        self.ring = ring
        self.group = group
        self.count = available
        self.size = size
        self.length = UInt32(min(length ?? size, size))
        mask = UInt16(available - 1)
        pending = .allocate(capacity: 1)
        pending.initialize(to: 0)
        supply(upTo: first)
    }

    deinit {
        unregister()
        pending.deallocate()
        munmap(base, count * size)
        // A forked child does not have this mapping, and may have another at the same address.
        if !ring.isInForkedChild { munmap(places, placesLength) }
    }

    /// Unregisters the group, so that the kernel no longer selects buffers from it.
    ///
    /// Does nothing if called again, or after the ring has been closed, because closing unregisters its groups.
    package func unregister() {
        guard isRegistered, !ring.isClosed, !ring.isInForkedChild else { return }
        isRegistered = false
        _ = cu_unregister_buffers(ring.fileDescriptor, group)
    }
}

extension BufferRing {
    /// Returns a buffer to the kernel, which sees it after the next ``publish()``.
    ///
    /// Call it once per completion that names the buffer.
    package func give(_ id: UInt16) {
        assert(Int(id) < count, "there is no buffer \(id)")
        cu_give_buffer(places, mask, pending.pointee, address(of: id), length, id)
        pending.pointee &+= 1
    }

    /// Doubles the number of buffers given to the kernel, up to ``count``.
    ///
    /// Call it when the kernel has run out of buffers.
    package func supplyMore() {
        supply(upTo: supplied * 2)
    }

    private func supply(upTo wanted: Int) {
        let end = min(count, wanted)
        while supplied < end {
            give(UInt16(supplied))
            supplied += 1
        }
        publish()
    }

    /// Makes the buffers given since the last publish visible to the kernel.
    ///
    /// One call per turn is enough.
    package func publish() {
        guard pending.pointee != 0 else { return }
        cu_publish_buffers(places, pending.pointee)
        pending.pointee = 0
    }

    /// The address of a buffer's first byte.
    package func address(of id: UInt16) -> UnsafeMutableRawPointer { base + Int(id) &* size }
}

extension BufferRing {
    private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    /// The size of a huge page, which would be mostly unused in a smaller mapping.
    private static let hugePageSize = 2 << 20

    /// Registers as many buffer entries as locked memory allows, and returns their memory and number.
    private static func register(
        _ ring: Ring, _ group: UInt16, _ wanted: Int
    ) throws(RingError) -> (UnsafeMutableRawPointer, Int) {
        var count = wanted
        while true {
            let places = try mapEntries(placesLength(count))
            let result = cu_register_buffers(ring.fileDescriptor, places, UInt32(count), group)
            if result >= 0 { return (places, count) }
            munmap(places, placesLength(count))
            guard result == -ENOMEM, count / 2 >= fewest else {
                throw RingError("io_uring_register(PBUF_RING)", result: result)
            }
            count /= 2
        }
    }

    /// Maps pages for buffer entries, which a forked child does not inherit: it must not give buffers to its parent's
    /// ring.
    private static func mapEntries(_ length: Int) throws(RingError) -> UnsafeMutableRawPointer {
        let memory = try map(length, hugePages: false)
        madvise(memory, length, MADV_DONTFORK)
        return memory
    }

    /// Maps zeroed pages.
    ///
    /// A forked child inherits a copy, since user code may fork while bytes are lent to it. The kernel writes only to
    /// the parent's pages.
    private static func map(_ length: Int, hugePages: Bool) throws(RingError) -> UnsafeMutableRawPointer {
        let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { throw RingError("mmap", result: -ENOMEM) }
        if length >= hugePageSize { madvise(memory, length, hugePages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) }
        return memory
    }

    /// Bytes for `count` buffer entries, rounded up to whole pages.
    private static func placesLength(_ count: Int) -> Int {
        (count * MemoryLayout<io_uring_buf>.stride + pageSize - 1) & ~(pageSize - 1)
    }
}
