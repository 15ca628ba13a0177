/// Detects a registration that can no longer be removed from the poller by means of its descriptor.
///
/// epoll registers an open file, not just a descriptor. If a watched descriptor is closed without removing its watch
/// while a duplicate keeps the file open, for instance in a forked child, the poller keeps reporting the former file's
/// readiness in every turn. Readiness that was found just before its watch was removed is also stale, but only for one
/// turn.
struct StaleReadiness {
    /// The number of consecutive turns after which a registration is reported.
    static let limit = 1000

    /// The tag being counted; nil if the last turn had no stale readiness.
    private var tag: UInt64?
    private var turns = 0
    private var isCounted = false
    private var isReported = false

    /// Counts a stale tag, at most once per turn.
    ///
    /// - Returns: Whether to report the tag; true at most once in the life of the table.
    mutating func found(_ stale: UInt64) -> Bool {
        if tag == nil { tag = stale }
        guard tag == stale, !isCounted else { return false }
        isCounted = true
        turns += 1
        guard turns == Self.limit, !isReported else { return false }
        isReported = true
        return true
    }

    /// Resets the count if the tag was not found in the turn that is ending.
    @inline(__always)
    mutating func turnEnded() {
        if tag == nil { return }
        if !isCounted { (tag, turns) = (nil, 0) }
        isCounted = false
    }
}
