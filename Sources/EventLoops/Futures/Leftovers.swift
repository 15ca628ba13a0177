/// Lets go of what objects held that are going themselves.
///
/// A long chain, each link of which is held by the one before, would else be undone by as many nested calls, which the
/// stack has no room for.
///
/// Loop thread only.
final class Leftovers {
    private var waiting: [Any] = []
    private var isReleasing = false

    func add(_ object: Any) {
        waiting.append(object)
    }

    /// Releases what was added, of which nobody else may hold anything any more; within a release, the outer one does.
    func releaseAll() {
        guard !isReleasing else { return }
        isReleasing = true
        while let last = waiting.popLast() { withExtendedLifetime(last) {} }
        isReleasing = false
    }
}
