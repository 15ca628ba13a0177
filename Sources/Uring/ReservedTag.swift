/// Tags that no operation of a caller may have.
package enum ReservedTag {
    /// Nobody waits for this completion: ``Ring/reap(_:)`` drops it.
    ///
    /// Cancels and closes carry it. They are silent when they succeed; a failed cancel (ENOENT: the victim was faster,
    /// EALREADY: it cannot be stopped) says nothing that the victim's own completion does not say better.
    package static let ignored: UInt64 = .max
}
