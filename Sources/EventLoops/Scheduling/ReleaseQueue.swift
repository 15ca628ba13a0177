/// Releases objects one after the other.
///
/// In a long chain, in which each object owns the next, each release would otherwise happen inside the one before, and
/// overflow the stack.
///
/// Loop thread only.
final class ReleaseQueue {
    private var waiting: [Any] = []
    private var isReleasing = false

    /// Adds an object of which the caller holds no other reference.
    func add(_ object: Any) {
        waiting.append(object)
    }

    /// Releases everything that was added; inside of a release, the outer call does it.
    func releaseAll() {
        guard !isReleasing else { return }
        isReleasing = true
        while let last = waiting.popLast() { withExtendedLifetime(last) {} }
        isReleasing = false
    }
}
