package import Glibc

/// A list of messages for the calls that receive or send several of them.
///
/// A pointer, which its owner has to deallocate.
package struct MessageList {
    /// `struct mmsghdr`, which glibc declares only with `_GNU_SOURCE`.
    struct Message {
        var header = msghdr()
        var length: UInt32 = 0
    }

    let messages: UnsafeMutablePointer<Message>

    package init(capacity: Int) {
        messages = .allocate(capacity: capacity)
        messages.initialize(repeating: Message(), count: capacity)
    }

    package func deallocate() {
        messages.deallocate()
    }

    /// A message's header: the places of its parts and, after a receive, their lengths.
    package subscript(index: Int) -> msghdr {
        get { messages[index].header }
        nonmutating set { messages[index].header = newValue }
    }

    /// The number of bytes of a message that were received or sent.
    package func length(_ index: Int) -> Int {
        Int(messages[index].length)
    }
}
