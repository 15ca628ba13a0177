internal import Synchronization

/// A counter that several threads change.
package final class SharedCount: Sendable {
    private let number = Atomic(0)

    package init() {}

    package var value: Int {
        number.load(ordering: .acquiring)
    }

    /// Adds to the counter and returns the sum.
    @discardableResult
    package func add(_ difference: Int) -> Int {
        number.add(difference, ordering: .acquiringAndReleasing).newValue
    }

    @discardableResult
    package func increment() -> Int {
        add(1)
    }
}
