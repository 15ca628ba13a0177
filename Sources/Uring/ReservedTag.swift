/// Tags that the operation table never issues.
package enum ReservedTag {
    /// The tag of completions without a target, which ``Ring/dispatch()`` drops.
    ///
    /// Cancellations carry it. They post no completion if they succeed. A failed cancellation (ENOENT: the operation
    /// had already completed; EALREADY: it cannot be stopped) adds nothing to the victim's own completion.
    package static let ignored: UInt64 = .max
}
