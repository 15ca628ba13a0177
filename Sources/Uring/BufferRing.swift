import CUring
import Glibc
import Kernel

/// Buffers that the kernel picks from when it has something received: one ring of places, one region of bytes.
///
/// A buffer goes round: the kernel takes it for a completion that names it, ``CompletionFlags/buffer``; whoever reaped
/// that reads it at ``address(of:)``; when nobody needs its bytes any more it is given back with ``give(_:)``, and the
/// kernel may have it from the next ``publish()`` on.
///
/// At the end, in this order: cancel what receives into the group and reap every last completion; ``unregister()``; let
/// go of this object. Its memory is unmapped when it is deinitialised, so it must outlive the ring's operations: the
/// kernel writes where it was told to, whoever owns the addresses by then.
package final class BufferRing {
    /// The name by which operations choose this ring.
    package let group: UInt16
    /// How many buffers there may be: a power of two, less than was asked for if locked memory was short.
    package let count: Int
    /// How many of them are in use: the first ones.
    package private(set) var supplied = 0
    /// Bytes in one buffer.
    package let size: Int
    /// Where the bytes of buffer 0 begin; the others follow.
    package let base: UnsafeMutableRawPointer

    private let places: UnsafeMutablePointer<io_uring_buf_ring>
    private let placesLength: Int
    private let mask: UInt16
    /// Buffers given since the last publish.
    ///
    /// Behind a pointer: no exclusivity check for each buffer.
    private let pending: UnsafeMutablePointer<UInt16>
    private let ring: Ring
    private var isRegistered = true

    /// The fewest buffers that are of use.
    private static let fewest = 8

    /// Registers `count` buffers of `size` bytes as a group of the ring, and gives the kernel the first of them.
    ///
    /// The places count against RLIMIT_MEMLOCK on some kernels: when that is reached, half as many are tried, down to
    /// 8. The bytes do not, and take memory only when they are first written.
    ///
    /// - Parameters:
    ///   - count: A power of two up to 32768.
    ///   - size: Bytes in one buffer. Small ones are the worst mistake: 16 to 64 KiB serve streams well.
    ///   - first: With how many to begin; ``supplyMore()`` adds the others.
    /// - Throws: ``RingError`` of "io_uring_register(PBUF_RING)": EEXIST when the group is taken, ENOMEM.
    package init(ring: Ring, group: UInt16, count: Int, size: Int, first: Int = .max) throws(RingError) {
        precondition(count > 0 && count <= 32768 && count & (count - 1) == 0, "the count must be a power of two")
        precondition(size > 0 && size <= Int(Int32.max), "a buffer has 1 to 2^31 - 1 bytes")
        let (places, available) = try Self.register(ring, group, count)
        do throws(RingError) {
            base = try Self.map(available * size)
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
        mask = UInt16(available - 1)
        pending = .allocate(capacity: 1)
        pending.initialize(to: 0)
        supply(upTo: first)
    }

    deinit {
        unregister()
        pending.deallocate()
        // The pages are not mapped in a forked child, which may have something else there.
        guard !ring.isInForkedChild else { return }
        munmap(base, count * size)
        munmap(places, placesLength)
    }

    /// Takes the group away from the kernel, which picks no buffer from it any more.
    ///
    /// Does nothing the second time, or when the ring is closed, which ends its groups.
    package func unregister() {
        guard isRegistered, !ring.isClosed, !ring.isInForkedChild else { return }
        isRegistered = false
        _ = cu_unregister_buffers(ring.fileDescriptor, group)
    }
}

extension BufferRing {
    /// Gives a buffer back; the kernel sees it after the next ``publish()``.
    ///
    /// Each buffer once for each completion.
    package func give(_ id: UInt16) {
        assert(Int(id) < count, "there is no buffer \(id)")
        cu_give_buffer(places, mask, pending.pointee, address(of: id), UInt32(truncatingIfNeeded: size), id)
        pending.pointee &+= 1
    }

    /// Gives the kernel as many buffers again as it has, up to ``count``: it ran out of them.
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

    /// Shows the kernel all buffers given since the last time.
    ///
    /// Once a turn is enough.
    package func publish() {
        guard pending.pointee != 0 else { return }
        cu_publish_buffers(places, pending.pointee)
        pending.pointee = 0
    }

    /// Where a buffer's bytes begin.
    package func address(of id: UInt16) -> UnsafeMutableRawPointer { base + Int(id) &* size }
}

extension BufferRing {
    private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    /// Below this a huge page would be mostly unused.
    private static let hugePageSize = 2 << 20

    /// Registers as many places as locked memory allows, and says how many.
    private static func register(
        _ ring: Ring, _ group: UInt16, _ wanted: Int
    ) throws(RingError) -> (UnsafeMutableRawPointer, Int) {
        var count = wanted
        while true {
            let places = try map(placesLength(count))
            let result = cu_register_buffers(ring.fileDescriptor, places, UInt32(count), group)
            if result >= 0 { return (places, count) }
            munmap(places, placesLength(count))
            guard result == -ENOMEM, count / 2 >= fewest else {
                throw RingError("io_uring_register(PBUF_RING)", result: result)
            }
            count /= 2
        }
    }

    /// Zeroed pages that a forked child does not get: it must not give buffers to its parent's kernel ring.
    private static func map(_ length: Int) throws(RingError) -> UnsafeMutableRawPointer {
        let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { throw RingError("mmap", result: -ENOMEM) }
        madvise(memory, length, MADV_DONTFORK)
        if length >= hugePageSize { madvise(memory, length, MADV_HUGEPAGE) }
        return memory
    }

    /// Whole pages for the places of so many buffers.
    private static func placesLength(_ count: Int) -> Int {
        (count * MemoryLayout<io_uring_buf>.stride + pageSize - 1) & ~(pageSize - 1)
    }
}
