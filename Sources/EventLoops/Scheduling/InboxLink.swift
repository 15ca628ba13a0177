import Synchronization

/// A handle that is made to be posted, with room for what ties it into the inbox's chain.
///
/// To give away memory that another thread frees costs more than all else of a post: so a post is one object, not two.
package final class PostedHandle: Handle, @unchecked Sendable {
    fileprivate var older = InboxLink.none
}

/// A link of the inbox's chain: one word, so that one instruction can exchange it.
///
/// A posted handle is its own link; for any other entry one is made. The lowest bit, which no address has, tells which.
struct InboxLink: RawRepresentable, AtomicRepresentable, Equatable {
    private struct Box {
        let entry: ReadyEntry
        var older: InboxLink
    }

    /// No link.
    static let none = InboxLink(rawValue: 0)
    /// What stands for the newest link when nothing is taken any more: no address of a link.
    static let closed = InboxLink(rawValue: 2)

    let rawValue: UInt

    init(rawValue: UInt) {
        self.rawValue = rawValue
    }

    /// A link that owns one reference to the handle.
    init(_ handle: PostedHandle) {
        rawValue = UInt(bitPattern: Unmanaged.passRetained(handle).toOpaque()) | 1
    }

    /// A link that holds the entry, and no reference of its own.
    init(_ entry: ReadyEntry) {
        let box = UnsafeMutablePointer<Box>.allocate(capacity: 1)
        box.initialize(to: Box(entry: entry, older: .none))
        rawValue = UInt(bitPattern: box)
    }

    private var handle: Unmanaged<PostedHandle>? {
        guard rawValue & 1 == 1 else { return nil }
        return .fromOpaque(UnsafeRawPointer(bitPattern: rawValue & ~1).unsafelyUnwrapped)
    }

    private var box: UnsafeMutablePointer<Box> {
        UnsafeMutablePointer(bitPattern: rawValue).unsafelyUnwrapped
    }

    /// The one that was posted before.
    var older: InboxLink {
        get { handle?._withUnsafeGuaranteedRef { $0.older } ?? box.pointee.older }
        nonmutating set {
            if let handle {
                handle._withUnsafeGuaranteedRef { $0.older = newValue }
            } else {
                box.pointee.older = newValue
            }
        }
    }

    /// Ends the link, and gives away its entry with the reference to a handle.
    func take() -> ReadyEntry {
        if let handle { return .handle(.fromOpaque(handle.toOpaque())) }
        defer { box.deallocate() }
        return box.pointee.entry
    }
}
