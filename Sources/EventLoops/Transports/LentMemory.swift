internal import Kernel

/// The kernel's receive buffers: one region in equal pieces, each with a count of those who still read it.
///
/// A piece that came filled from the kernel is lent to whoever is told of its bytes. Whoever wants to keep them a
/// while, such as a write queue that sends them on, retains the piece instead of copying. At the last release the piece
/// goes to the list of returned pieces, from where the ring's owner gives it back to the kernel.
package final class LentMemory {
    private let base: UnsafeMutableRawPointer
    private let pieceSize: Int
    private let count: Int
    private let readers: UnsafeMutablePointer<UInt32>
    private let returned: UnsafeMutablePointer<UInt16>
    private var returnedCount = 0
    /// Pieces that are out: neither with the kernel nor on their way back to it.
    ///
    /// Any thread, as ``total``.
    package var outstanding: Int {
        keptOut.value
    }

    /// Pieces that the kernel was given so far.
    package var total: Int {
        supplied.value
    }

    private let keptOut = SingleWriterCounter()
    /// Keeping pieces must not starve the kernel: past this many the bytes are copied instead.
    private var keepLimit: Int
    /// How many pieces the kernel was given: the first ones.
    private let supplied: SingleWriterCounter

    package init(base: UnsafeMutableRawPointer, pieceSize: Int, count: Int, supplied: Int? = nil) {
        self.base = base
        self.pieceSize = pieceSize
        self.count = count
        self.supplied = SingleWriterCounter(supplied ?? count)
        keepLimit = (supplied ?? count) / 2
        readers = .allocate(capacity: count)
        readers.initialize(repeating: 0, count: count)
        returned = .allocate(capacity: count)
    }

    deinit {
        readers.deallocate()
        returned.deallocate()
    }

    /// The kernel filled a piece: its first reader is the caller.
    package func lend(_ piece: UInt16) -> UnsafeMutableRawPointer {
        readers[Int(piece)] = 1
        keptOut.add(1)
        return base + Int(piece) * pieceSize
    }

    package func retain(_ piece: UInt16) {
        readers[Int(piece)] += 1
    }

    package func release(_ piece: UInt16) {
        let left = readers[Int(piece)] - 1
        readers[Int(piece)] = left
        guard left == 0 else { return }
        keptOut.add(-1)
        returned[returnedCount] = piece
        returnedCount += 1
    }

    /// Whether there are more readers of a piece than the one who was lent it.
    package func hasOtherReaders(_ piece: UInt16) -> Bool {
        readers[Int(piece)] > 1
    }

    /// Retains the piece that holds the bytes, if they lie in one and it may be kept.
    package func keep(_ bytes: UnsafeRawBufferPointer) -> UInt16? {
        guard let start = bytes.baseAddress, keptOut.value <= keepLimit else { return nil }
        let offset = start - UnsafeRawPointer(base)
        guard offset >= 0, offset < pieceSize * count else { return nil }
        let piece = UInt16(offset / pieceSize)
        guard readers[Int(piece)] > 0 else { return nil }
        retain(piece)
        return piece
    }

    /// Whether some piece is neither out nor on its way back: with the kernel, or in a completion that was not seen
    /// yet.
    package var isKernelSupplied: Bool {
        keptOut.value + returnedCount < supplied.value
    }

    /// The kernel was given more pieces.
    package func nowSupplied(_ count: Int) {
        supplied.set(count)
        keepLimit = count / 2
    }

    package var hasReturned: Bool {
        returnedCount > 0
    }

    /// The piece that came back last, if any has: forgotten here, and the caller's to fill.
    package func popReturned() -> UInt16? {
        guard returnedCount > 0 else { return nil }
        returnedCount -= 1
        return returned[returnedCount]
    }

    /// Hands each returned piece to `give` and forgets it.
    package func takeReturned(_ give: (UInt16) -> Void) {
        for index in 0..<returnedCount { give(returned[index]) }
        returnedCount = 0
    }
}
