/// Tags that the operation table never issues.
package enum ReservedTag {
    /// The tag of completions without a target, which ``Ring/dispatch()`` drops.
    ///
    /// Cancels and closes carry it. They post no completion if they succeed. A failed cancel (ENOENT: the operation had
    /// already completed; EALREADY: it cannot be stopped) adds nothing to the cancelled operation's own completion.
    package static let ignored: UInt64 = .max
}
