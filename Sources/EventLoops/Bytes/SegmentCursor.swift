/// A position between two bytes of a ``SegmentQueue``, from which reading can continue without walking from the front.
///
/// Appending keeps a cursor valid. Consuming makes it invalid, because the segment may be in use elsewhere by then.
package struct SegmentCursor {
    /// The segment that holds the byte before the cursor; nil at the front of the queue.
    var node: UnsafeMutablePointer<Segment>?
    /// Offset of the cursor from the segment's memory.
    var offset = 0
    /// Bytes between the front of the queue and the cursor.
    var position = 0
    /// How much the queue had consumed when the cursor was made; if that has changed, the cursor is invalid.
    let consumed: Int
}
