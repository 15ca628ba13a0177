import Synchronization

/// A handle for posting, with space for its link in the inbox's list.
///
/// Freeing memory on another thread is the largest cost of a post, so a post is one object, not two.
package final class PostedHandle: Handle, @unchecked Sendable {
    fileprivate var older = InboxLink.none
}

/// A link of the inbox's list: one word, so that it can be exchanged atomically.
///
/// A posted handle is its own link; other entries get a box. The lowest bit, which is zero in addresses, distinguishes
/// them.
struct InboxLink: RawRepresentable, AtomicRepresentable, Equatable {
    private struct Box {
        let entry: ReadyEntry
        var older: InboxLink
    }

    /// No link.
    static let none = InboxLink(rawValue: 0)
    /// Marks a closed inbox, in place of its newest link; not an address.
    static let closed = InboxLink(rawValue: 2)

    let rawValue: UInt

    init(rawValue: UInt) {
        self.rawValue = rawValue
    }

    /// A link that owns one reference to the handle.
    init(_ handle: PostedHandle) {
        rawValue = UInt(bitPattern: Unmanaged.passRetained(handle).toOpaque()) | 1
    }

    /// A link that holds the entry, without retaining anything.
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

    /// The link that was posted before this one.
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

    /// Destroys the link and returns its entry, which owns the reference to a handle.
    func take() -> ReadyEntry {
        if let handle { return .handle(.fromOpaque(handle.toOpaque())) }
        defer { box.deallocate() }
        return box.pointee.entry
    }
}
