/// Detects a registration that its descriptor's number can no longer remove from the poller.
///
/// epoll registers an open file, not a number. If a watched descriptor is closed without removing its watch while a
/// duplicate keeps the file open, for instance in a forked child, the poller reports the former file's readiness in
/// every turn. Readiness that was found just before its watch was removed is also stale, but only for one turn.
struct StaleReadiness {
    /// The number of turns in a row after which a registration is reported.
    static let limit = 1000

    /// The tag that is counted; nil if the last turn had no stale readiness.
    private var tag: UInt64?
    private var turns = 0
    private var isCounted = false
    private var isReported = false

    /// Counts a stale tag, once per turn.
    ///
    /// - Returns: Whether to report it; true once in the life of the table.
    mutating func found(_ stale: UInt64) -> Bool {
        if tag == nil { tag = stale }
        guard tag == stale, !isCounted else { return false }
        isCounted = true
        turns += 1
        guard turns == Self.limit, !isReported else { return false }
        isReported = true
        return true
    }

    /// Restarts the count if the tag was not found in the turn that ends.
    @inline(__always)
    mutating func turnEnded() {
        if tag == nil { return }
        if !isCounted { (tag, turns) = (nil, 0) }
        isCounted = false
    }
}
