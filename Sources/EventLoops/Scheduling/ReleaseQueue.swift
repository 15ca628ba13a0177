/// Releases objects one after the other.
///
/// In a long chain, in which each object owns the next, each release would otherwise be nested in the previous one and
/// overflow the stack.
///
/// Loop thread only.
final class ReleaseQueue {
    private var waiting: [Any] = []
    private var isReleasing = false

    /// Adds an object; the caller must not hold any other reference to it.
    func add(_ object: Any) {
        waiting.append(object)
    }

    /// Releases everything that was added; if called during a release, leaves the work to the outer call.
    func releaseAll() {
        guard !isReleasing else { return }
        isReleasing = true
        while let last = waiting.popLast() { withExtendedLifetime(last) {} }
        isReleasing = false
    }
}
