package import Kernel

/// What a descriptor is ready for, or what a caller waits for.
///
/// Not an `OptionSet`, because the operations of `OptionSet` are generic code in the module that uses it. Public only
/// for inlining, like ``SingleWriterCounter``.
@frozen
public struct Readiness: Equatable, Sendable {
    @usableFromInline let bits: UInt8

    @inlinable
    init(bits: UInt8) {
        self.bits = bits
    }

    /// Makes a set of one direction, both or none.
    @inlinable
    public init(readable: Bool, writable: Bool) {
        bits = (readable ? 1 : 0) | (writable ? 2 : 0)
    }

    /// Neither direction.
    @inlinable public static var none: Readiness { Readiness(bits: 0) }
    /// A read would not block: it returns bytes, a connection, the end of the stream or an error.
    @inlinable public static var readable: Readiness { Readiness(bits: 1) }
    /// A write would not block: there is buffer space, or it returns an error.
    @inlinable public static var writable: Readiness { Readiness(bits: 2) }
    /// Both directions.
    @inlinable public static var both: Readiness { Readiness(bits: 3) }

    /// Whether it names no direction.
    @inlinable
    public var isEmpty: Bool {
        bits == 0
    }

    /// Whether it includes reading.
    @inlinable
    public var isReadable: Bool {
        bits & 1 != 0
    }

    /// Whether it includes writing.
    @inlinable
    public var isWritable: Bool {
        bits & 2 != 0
    }

    /// The number of directions.
    @inlinable
    public var directions: Int {
        Int(bits & 1) + Int(bits >> 1)
    }

    /// The directions that are in both sets.
    @inlinable
    public func intersection(_ other: Readiness) -> Readiness {
        Readiness(bits: bits & other.bits)
    }
}

/// Waits until descriptors are ready: the contract of the three pollers.
///
/// - Level-triggered: each ``wait(_:_:)`` reports everything that is ready, including what an earlier wait reported and
///   the caller did not handle.
/// - A hang-up or an error counts as ready for every direction that was requested: the next read or write returns it.
///   Both directions may be reported where only one was requested, because epoll does not say which one it was; the
///   caller knows. A descriptor for which nothing is requested is never reported, so a peer that has hung up cannot
///   make a loop spin.
/// - A descriptor that was closed without being removed is either forgotten or reported as ready; in the second case,
///   the next call on it fails.
/// - Each descriptor has a tag, which is reported with its readiness and distinguishes it from an earlier descriptor
///   with the same number.
/// - A signal may interrupt a wait, which then reports nothing. Otherwise, a wait that reports nothing never ends
///   before its timeout.
/// - The body of ``wait(_:_:)`` may change or remove any descriptor. Results found before are still reported, so the
///   caller must check the tag.
/// - Only one thread at a time may use a poller.
package protocol Poller: AnyObject {
    /// Sets what to wait for on a descriptor.
    ///
    /// - Parameters:
    ///   - descriptor: An open descriptor.
    ///   - old: What was requested before; empty if the poller does not have the descriptor.
    ///   - new: What is requested now; empty to remove the descriptor.
    ///   - tag: Reported with the readiness.
    /// - Throws: `.badFileDescriptor` if the descriptor is not open, unless it is to be removed; other errors from the
    ///   kernel.
    func change(_ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64) throws(Errno)

    /// Waits until a descriptor is ready, and reports all that are; epoll may leave some for the next wait.
    ///
    /// - Parameters:
    ///   - timeout: In nanoseconds; 0 to return at once, a negative number to wait without limit.
    ///   - body: Called with the tag and the readiness, which is never empty.
    /// - Returns: The number of calls to `body`.
    /// - Throws: The kernel's error, except for an interruption.
    @discardableResult
    func wait(_ timeout: Int64, _ body: (UInt64, Readiness) -> Void) throws(Errno) -> Int

    /// The poller's own descriptor; nil if it has none.
    var descriptor: Int32? { get }

    /// Releases the kernel's resources.
    ///
    /// Idempotent.
    func close()
}

extension Poller {
    package var descriptor: Int32? { nil }
}
