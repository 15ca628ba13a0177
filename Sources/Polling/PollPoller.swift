internal import CLinux
internal import Glibc
package import Kernel

/// Waits with `poll(2)`: each wait passes the whole list to the kernel.
package final class PollPoller: Poller {
    private var entries: [pollfd] = []
    private var tags: [UInt64] = []
    /// The index of each descriptor in the list.
    private var places: [Int32: Int] = [:]
    private var found = ReadyList()

    package init() {}

    package func change(
        _ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64
    ) throws(Errno) {
        if new.isEmpty { return remove(descriptor) }
        guard Descriptor.isOpen(descriptor) else { throw .badFileDescriptor }
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        if new.isReadable { entry.events |= Int16(POLLIN) }
        if new.isWritable { entry.events |= Int16(POLLOUT) }
        if let place = places[descriptor] {
            entries[place] = entry
            tags[place] = tag
        } else {
            places[descriptor] = entries.count
            entries.append(entry)
            tags.append(tag)
        }
    }

    /// Moves the last entry to the place of the removed one.
    private func remove(_ descriptor: Int32) {
        guard let place = places.removeValue(forKey: descriptor) else { return }
        let last = entries.removeLast()
        let lastTag = tags.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        tags[place] = lastTag
        places[last.fd] = place
    }

    @discardableResult
    package func wait(_ timeout: Int64, _ body: (UInt64, Readiness) -> Void) throws(Errno) -> Int {
        let count: Int32
        do throws(Errno) {
            count = try SystemCall.once(.poll) { cl_poll(&entries, UInt(entries.count), timeout) }
        } catch {
            if error == .interrupted { return 0 }
            throw error
        }
        guard count > 0 else { return 0 }
        for (entry, tag) in zip(entries, tags) where entry.revents != 0 {
            found.append(tag, Self.readiness(entry.revents))
        }
        return found.report(to: body)
    }

    private static func readiness(_ events: Int16) -> Readiness {
        let ended = Int16(POLLHUP | POLLERR | POLLNVAL)
        return Readiness(
            readable: events & (Int16(POLLIN) | ended) != 0, writable: events & (Int16(POLLOUT) | ended) != 0)
    }

    package func close() {
        entries = []
        tags = []
        places = [:]
    }
}
