public import Synchronization

/// A number that one thread changes and any may read.
///
/// Since nobody else writes, adding is a load and a store, and no instruction that other processors must agree on: it
/// costs what a plain variable costs.
///
/// Public, though nobody outside of this package is meant to use it: what is only `package` the compiler (6.3) never
/// inlines into another module, whatever attributes it has.
public struct SingleWriterCounter: ~Copyable, Sendable {
    @usableFromInline let number: Atomic<Int>

    /// Begins with a value.
    @inlinable
    public init(_ value: Int = 0) {
        number = Atomic(value)
    }

    /// Any thread.
    @inlinable
    public var value: Int {
        number.load(ordering: .relaxed)
    }

    /// The one thread that changes it, as the next two.
    @inlinable
    public func set(_ value: Int) {
        number.store(value, ordering: .relaxed)
    }

    /// Adds without a check for overflow.
    @inlinable
    public func add(_ difference: Int) {
        set(value &+ difference)
    }

    /// Sets it to what is larger.
    @inlinable
    public func raise(to value: Int) {
        if value > self.value { set(value) }
    }
}
