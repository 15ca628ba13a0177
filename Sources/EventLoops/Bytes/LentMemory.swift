internal import Kernel

/// Receive buffers: one region divided into equal pieces, each with a count of its readers.
///
/// A piece that the kernel has filled is lent to the receiver of its bytes. A reader that needs the bytes longer, such
/// as a write queue that sends them on, retains the piece instead of copying it. The last release puts the piece in the
/// list of returned pieces, from which the owner of the region supplies it to the kernel again.
package final class LentMemory {
    private let base: UnsafeMutableRawPointer
    private let pieceSize: Int
    private let count: Int
    private let readers: UnsafeMutablePointer<UInt32>
    private let returned: UnsafeMutablePointer<UInt16>
    private var returnedCount = 0
    /// The number of pieces with readers.
    ///
    /// Any thread, like ``total``.
    package var outstanding: Int {
        keptOut.value
    }

    /// The number of pieces supplied to the kernel so far: the first ones of the region.
    package var total: Int {
        supplied.value
    }

    private let keptOut = SingleWriterCounter()
    /// When this many pieces have readers, further bytes are copied rather than kept, so that the kernel does not run
    /// out of pieces.
    private var keepLimit: Int
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

    /// Makes the caller the first reader of a piece that the kernel has filled.
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

    /// Whether a piece has readers other than the first.
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

    /// Whether any piece is in the kernel's hands, or in a completion that has not been processed yet.
    package var isKernelSupplied: Bool {
        keptOut.value + returnedCount < supplied.value
    }

    /// Records that the kernel has been supplied with more pieces.
    package func nowSupplied(_ count: Int) {
        supplied.set(count)
        keepLimit = count / 2
    }

    package var hasReturned: Bool {
        returnedCount > 0
    }

    /// Removes the piece that was returned last, if there is one, for the caller to fill.
    package func popReturned() -> UInt16? {
        guard returnedCount > 0 else { return nil }
        returnedCount -= 1
        return returned[returnedCount]
    }

    /// Removes all returned pieces and passes each to `give`.
    package func takeReturned(_ give: (UInt16) -> Void) {
        for index in 0..<returnedCount { give(returned[index]) }
        returnedCount = 0
    }
}
