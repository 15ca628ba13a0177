public import Synchronization

/// A number that one thread changes and any thread may read.
///
/// With a single writer, adding is a load and a store instead of an atomic read-modify-write; it costs as much as a
/// plain variable.
///
/// Public for inlining only: the compiler (6.3) does not inline `package` declarations into other modules, whatever
/// their attributes. The module `Proactor` does not re-export it.
public struct SingleWriterCounter: ~Copyable, Sendable {
    @usableFromInline let number: Atomic<Int>

    /// Makes a counter.
    @inlinable
    public init(_ value: Int = 0) {
        number = Atomic(value)
    }

    /// The current number.
    ///
    /// - Thread: Any.
    @inlinable
    public var value: Int {
        number.load(ordering: .relaxed)
    }

    /// Sets the number.
    ///
    /// - Thread: Only the writing thread.
    @inlinable
    public func set(_ value: Int) {
        number.store(value, ordering: .relaxed)
    }

    /// Adds to the number, without an overflow check.
    ///
    /// - Thread: Only the writing thread.
    @inlinable
    public func add(_ difference: Int) {
        set(value &+ difference)
    }

    /// Sets the number to `value` if that is larger.
    ///
    /// - Thread: Only the writing thread.
    @inlinable
    public func raise(to value: Int) {
        if value > self.value { set(value) }
    }
}
