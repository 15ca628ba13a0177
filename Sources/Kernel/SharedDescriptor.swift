import Synchronization

/// The descriptor of a socket, which several threads may use, close and detach at the same time.
///
/// It counts the operations that use it. Once it is closed, no further operation begins, and the number stays in use
/// until the last one has ended: it cannot refer to another file while the kernel may still act on it.
struct SharedDescriptor: ~Copyable, Sendable {
    /// How an attempt to use the descriptor ended.
    enum Acquisition {
        case acquired
        /// The descriptor is closed or detached.
        case gone
        /// The descriptor is being given to another user.
        case moving
    }

    /// How the descriptor was used when it was closed or detached.
    enum Ending {
        /// It was closed or detached before.
        case repeated
        /// No operation used it.
        case idle
        /// Operations use it: the caller that ends the last one learns this from ``release()``.
        case inUse
    }

    /// What the end of an operation leaves.
    enum Release {
        /// The descriptor is open, or other operations use it.
        case other
        /// The last operation on a closed descriptor: the caller now has to close the number.
        case lastOfClosed
        /// The last operation on a detached descriptor.
        case lastOfDetached
    }

    private static let closed: UInt32 = 1 << 31
    private static let detached: UInt32 = 1 << 30
    private static let moving: UInt32 = 1 << 29
    private static let count: UInt32 = moving - 1

    private let number: Int32
    /// The number of operations, and the flags in the bits above it.
    private let state: Atomic<UInt32>

    init(_ number: Int32) {
        self.number = number
        state = Atomic(number < 0 ? Self.closed : 0)
    }

    /// The number; -1 once it is closed or detached.
    var current: Int32 {
        state.load(ordering: .relaxed) & (Self.closed | Self.detached) == 0 ? number : -1
    }

    /// The number, even after the descriptor was closed or detached.
    var original: Int32 { number }

    /// Begins an operation, which must be ended with ``release()`` if this returns `.acquired`.
    func acquire() -> Acquisition {
        var seen = state.load(ordering: .relaxed)
        while true {
            if seen & (Self.closed | Self.detached) != 0 { return .gone }
            if seen & Self.moving != 0 { return .moving }
            let (exchanged, original) = state.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
            if exchanged { return .acquired }
            seen = original
        }
    }

    /// Ends an operation.
    func release() -> Release {
        let left = state.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
        guard left & (Self.closed | Self.detached) != 0, left & Self.count == 0 else { return .other }
        return left & Self.closed != 0 ? .lastOfClosed : .lastOfDetached
    }

    /// Whether the descriptor is closed or detached, in the one order of all threads; see ``Socket/setUser(_:)``.
    var hasEnded: Bool {
        state.load(ordering: .sequentiallyConsistent) & (Self.closed | Self.detached) != 0
    }

    /// Closes or detaches the descriptor; only the first of these calls has an effect.
    func end(detaching: Bool) -> Ending {
        let bit = detaching ? Self.detached : Self.closed
        var seen = state.load(ordering: .relaxed)
        while seen & (Self.closed | Self.detached) == 0 {
            let (exchanged, original) = state.weakCompareExchange(
                expected: seen, desired: seen | bit, ordering: .sequentiallyConsistent)
            if exchanged { return seen & Self.count == 0 ? .idle : .inUse }
            seen = original
        }
        return .repeated
    }

    /// Begins to give the descriptor to another user; false if any operation but the caller's own is in flight.
    func beginMove() -> Bool {
        state.compareExchange(expected: 1, desired: 1 | Self.moving, ordering: .acquiringAndReleasing).exchanged
    }

    func endMove() {
        state.bitwiseAnd(~Self.moving, ordering: .releasing)
    }

    /// Whether the caller's own operation is the only one.
    var isUsedOnce: Bool {
        state.load(ordering: .acquiring) & Self.count == 1
    }
}
