/// A run of bytes in a queue: where they are, and what must be released when they are consumed.
///
/// Segments are nodes of a singly linked list in memory that the ``SegmentPool`` owns, so that queues allocate nothing.
package struct Segment {
    package enum Storage {
        /// Memory that follows the node itself, of the small or the large size.
        case small
        case large
        /// A piece of a loop's receive buffers; the ``SegmentPool`` keeps the buffers alive.
        case lent(Unmanaged<LentMemory>, UInt16)
        /// A retained object that owns the bytes, such as an array's storage.
        case owned(Unmanaged<AnyObject>)
    }

    var next: UnsafeMutablePointer<Segment>?
    var memory: UnsafeMutableRawPointer
    /// Bytes before `start` have been consumed; bytes from `end` on have not been filled yet.
    var start = 0
    var end: Int
    var capacity: Int
    var storage: Storage

    var unfilled: Int {
        capacity - end
    }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + start, count: end - start)
    }
}
