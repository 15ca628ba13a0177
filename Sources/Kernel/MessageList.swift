package import Glibc

/// A list of messages for the calls that receive or send several of them.
///
/// A pointer, which its owner has to deallocate.
package struct MessageList {
    /// `struct mmsghdr`, which glibc declares only with `_GNU_SOURCE`.
    struct Message {
        var header: msghdr
        var length: UInt32
    }

    let messages: UnsafeMutablePointer<Message>

    package init(capacity: Int) {
        let size = capacity * MemoryLayout<Message>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<Message>.alignment)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        messages = memory.bindMemory(to: Message.self, capacity: capacity)
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
