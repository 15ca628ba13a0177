package import Kernel

/// What a descriptor is ready for, or what is wanted of it.
///
/// A set of its own and no `OptionSet`, whose operations are generic code in the room that uses it; public, as
/// ``SingleWriterCounter`` is, so that they are inlined there.
@frozen
public struct Readiness: Equatable, Sendable {
    @usableFromInline let bits: UInt8

    @inlinable
    init(bits: UInt8) {
        self.bits = bits
    }

    /// One, both or none.
    @inlinable
    public init(readable: Bool, writable: Bool) {
        bits = (readable ? 1 : 0) | (writable ? 2 : 0)
    }

    /// Nothing.
    @inlinable public static var none: Readiness { Readiness(bits: 0) }
    /// A read would not block: there are bytes, a connection, the end, or an error to be fetched.
    @inlinable public static var readable: Readiness { Readiness(bits: 1) }
    /// A write would not block: there is room, or an error to be fetched.
    @inlinable public static var writable: Readiness { Readiness(bits: 2) }
    /// Both directions.
    @inlinable public static var both: Readiness { Readiness(bits: 3) }

    /// Whether it names neither direction.
    @inlinable
    public var isEmpty: Bool {
        bits == 0
    }

    /// Whether it names reading.
    @inlinable
    public var isReadable: Bool {
        bits & 1 != 0
    }

    /// Whether it names writing.
    @inlinable
    public var isWritable: Bool {
        bits & 2 != 0
    }

    /// How many directions it names.
    @inlinable
    public var directions: Int {
        Int(bits & 1) + Int(bits >> 1)
    }

    /// What is in both.
    @inlinable
    public func intersection(_ other: Readiness) -> Readiness {
        Readiness(bits: bits & other.bits)
    }
}

/// Waits until descriptors are ready: the contract of the three pollers.
///
/// - Level-triggered: what is ready and not dealt with is told again by each ``wait(_:_:)``.
/// - A hang-up or an error counts as ready for all that was wanted: the read or write that follows fetches it. It may
///   be told as both where only one was wanted, because epoll does not say what was: whoever is told knows it. Nothing
///   is ever told of a descriptor of which nothing is wanted, so that a peer that has hung up cannot make a loop spin.
/// - A descriptor that was closed without being taken out first is told as ready, too, or forgotten: the call that
///   follows finds out.
/// - A tag is given with each descriptor and comes back with its readiness: to tell a descriptor's number that was
///   used again from the one before.
/// - Waiting may be broken off by signals, and is then over with nothing ready. Timeouts never end early.
/// - During ``wait(_:_:)`` the body may change any descriptor, also take it out: what was found before is told all the
///   same, so whoever asks must look at the tag.
/// - One thread at a time.
package protocol Poller: AnyObject {
    /// Says what is wanted of a descriptor from now on.
    ///
    /// - Parameters:
    ///   - descriptor: An open descriptor.
    ///   - old: What was wanted before; empty if the poller does not have it.
    ///   - new: What is wanted; empty to take it out.
    ///   - tag: Comes back with the readiness.
    func change(_ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64) throws(Errno)

    /// Waits until something is ready, and tells what is.
    ///
    /// All of it, or with epoll so much of it that the next wait goes on with the rest.
    ///
    /// - Parameters:
    ///   - timeout: Nanoseconds; 0 does not wait, below 0 waits for ever.
    ///   - body: Called with tag and readiness, which is never empty.
    /// - Returns: How often `body` was called.
    @discardableResult
    func wait(_ timeout: Int64, _ body: (UInt64, Readiness) -> Void) throws(Errno) -> Int

    /// The poller's own descriptor; nil if it needs none.
    var descriptor: Int32? { get }

    /// Gives the kernel's resources back.
    ///
    /// Idempotent.
    func close()
}

extension Poller {
    package var descriptor: Int32? { nil }
}
