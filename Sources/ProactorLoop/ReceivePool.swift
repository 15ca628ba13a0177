internal import EventLoops
internal import Uring

/// A group of receive buffers: the kernel selects them, channels lend their bytes, and the last reader returns them.
///
/// A loop has one pool for streams, and ``DatagramPools`` for datagrams, which need buffers of another size.
final class ReceivePool {
    /// The group ID, with which operations select buffers from this pool.
    let group: UInt16
    private let buffers: BufferRing
    /// Tracks the readers of each buffer.
    let lent: LentMemory
    /// Channels whose receives found no buffer; they receive again once a buffer has been returned.
    private let starved = TurnList()
    /// Like ``starved``, for channels whose last receive delivered bytes before it found no buffer.
    ///
    /// They are called second; otherwise, a peer that sends without pausing could take every buffer.
    private let starvedAfterService = TurnList()

    /// The initial number of buffers, which is enough for a small number of connections.
    private static let initialBuffers = 256

    /// - Parameters:
    ///   - count: The maximum number of buffers, a power of two.
    ///   - size: The size of each buffer, in bytes.
    ///   - length: How much of a buffer the kernel may fill; nil for all of it.
    ///   - first: The initial number of buffers.
    ///   - hugePages: Whether huge pages suit the buffers.
    init(
        _ ring: Ring, group: UInt16, count: Int, size: Int, length: Int? = nil, first: Int = initialBuffers,
        hugePages: Bool = true
    ) throws(RingError) {
        self.group = group
        buffers = try BufferRing(
            ring: ring, group: group, count: count, size: size, length: length, first: first, hugePages: hugePages)
        lent = LentMemory(
            base: buffers.base, pieceSize: buffers.size, count: buffers.count, supplied: buffers.supplied)
    }

    /// Lends a buffer that the kernel has filled; the caller is its first reader.
    func lend(_ buffer: UInt16) -> UnsafeMutableRawPointer {
        lent.lend(buffer)
    }

    /// The address of a buffer that has a reader.
    func address(of buffer: UInt16) -> UnsafeMutableRawPointer {
        buffers.address(of: buffer)
    }

    /// Ends the first reader's use of a buffer.
    func takeBack(_ buffer: UInt16) {
        lent.release(buffer)
    }

    /// The number of buffers given to the kernel so far.
    var supplied: Int {
        buffers.supplied
    }

    /// Unregisters the group; all receives into it must have ended.
    func unregister() {
        buffers.unregister()
    }
}

/// The lists of channels that wait for a buffer.
extension ReceivePool {
    /// Lists a channel whose receive found no buffer.
    func addStarved(_ channel: ChannelTarget, hasReceived: Bool) {
        (hasReceived ? starvedAfterService : starved).append(channel)
    }

    func removeStarved(_ channel: ChannelTarget, hasReceived: Bool) {
        (hasReceived ? starvedAfterService : starved).remove(channel)
    }

    /// Returns buffers without readers to the kernel, and then lets starved channels receive.
    func returnBuffers() {
        if lent.hasReturned {
            lent.takeReturned { buffers.give($0) }
            buffers.publish()
        }
        // Do this even if no buffer was just returned: the kernel may have reported the shortage after the last return.
        if hasStarved { receiveAgain() }
    }

    var hasStarved: Bool {
        !starved.isEmpty || !starvedAfterService.isEmpty
    }

    @inline(never)
    private func receiveAgain() {
        if buffers.supplied < buffers.count { supplyMore() }
        guard lent.isKernelSupplied else { return }
        starved.callEach(.receive)
        starvedAfterService.callEach(.receive)
    }

    private func supplyMore() {
        buffers.supplyMore()
        lent.nowSupplied(buffers.supplied)
    }
}
