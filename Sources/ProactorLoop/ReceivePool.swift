internal import EventLoops
internal import Uring

/// One group of receive buffers: the kernel picks from them, channels lend their bytes, and the last reader returns
/// them.
///
/// A loop has one pool for streams. Another kind of receive that needs buffers of another size gets a pool, and with it
/// a group, of its own.
final class ReceivePool {
    /// The name by which operations choose this pool.
    let group: UInt16
    private let buffers: BufferRing
    /// Which buffers have readers.
    let lent: LentMemory
    /// Channels that found no buffer, and receive again once one has been returned.
    private let starved = TurnList()
    /// As ``starved``, for channels that had received since they last started.
    ///
    /// They come second: a peer that sends without pause would take every buffer otherwise.
    private let starvedAfterService = TurnList()

    /// The number of buffers that a pool starts with: few connections have few filled buffers at a time.
    private static let initialBuffers = 256

    /// - Parameters:
    ///   - count: The most buffers, a power of two.
    ///   - size: Bytes in one buffer.
    init(_ ring: Ring, group: UInt16, count: Int, size: Int) throws(RingError) {
        self.group = group
        buffers = try BufferRing(ring: ring, group: group, count: count, size: size, first: Self.initialBuffers)
        lent = LentMemory(
            base: buffers.base, pieceSize: buffers.size, count: buffers.count, supplied: buffers.supplied)
    }

    /// The kernel filled a buffer: the caller is its first reader.
    func lend(_ buffer: UInt16) -> UnsafeMutableRawPointer {
        lent.lend(buffer)
    }

    /// The first reader is done with the buffer.
    func takeBack(_ buffer: UInt16) {
        lent.release(buffer)
    }

    /// Buffers that the kernel was given so far.
    var supplied: Int {
        buffers.supplied
    }

    /// Takes the group away from the kernel; every receive into it must be over.
    func unregister() {
        buffers.unregister()
    }
}

/// Channels that wait for a buffer.
extension ReceivePool {
    /// Lists a channel whose receive found no buffer.
    func addStarved(_ channel: ChannelTarget, hasReceived: Bool) {
        (hasReceived ? starvedAfterService : starved).append(channel)
    }

    func removeStarved(_ channel: ChannelTarget, hasReceived: Bool) {
        (hasReceived ? starvedAfterService : starved).remove(channel)
    }

    /// Gives the kernel the buffers that have no reader left, and then lets starved channels receive.
    func returnBuffers() {
        if lent.hasReturned {
            lent.takeReturned { buffers.give($0) }
            buffers.publish()
        }
        // Even if none was returned just now: the kernel may have reported the shortage after the last return.
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

    /// Whether channels wait though the kernel has buffers for them: they should have been called, so a loop that went
    /// to sleep now might never wake.
    var neglectsStarved: Bool {
        hasStarved && lent.isKernelSupplied
    }
}
