internal import CLinux
internal import Glibc
package import Kernel

/// Waits with `epoll(7)`: the kernel keeps the list, so idle descriptors cost nothing.
package final class EpollPoller: Poller {
    /// The maximum number of descriptors that one wait reports; the next wait reports the rest.
    private static let capacity = 1024

    private let epoll: Int32
    private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
    private var isClosed = false

    /// Makes a poller without descriptors.
    ///
    /// Throws `.tooManyOpenFiles` and other errors from the kernel.
    package init() throws(Errno) {
        epoll = try Descriptor.aboveStandard(try SystemCall.value { epoll_create1(Int32(EPOLL_CLOEXEC)) })
    }

    package var descriptor: Int32? { epoll }

    package func change(
        _ descriptor: Int32, from old: Readiness, to new: Readiness, tag: UInt64
    ) throws(Errno) {
        if new.isEmpty {
            // If the descriptor has been closed, the kernel has already removed it.
            try? control(EPOLL_CTL_DEL, descriptor, new, tag)
        } else {
            try put(descriptor, isNew: old.isEmpty, new, tag)
        }
    }

    /// Adds or changes a descriptor, even if the caller is wrong about whether it is new: the program may have closed
    /// it without removing it, and its number may have been reused.
    private func put(_ descriptor: Int32, isNew: Bool, _ readiness: Readiness, _ tag: UInt64) throws(Errno) {
        do throws(Errno) {
            try control(isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, readiness, tag)
        } catch {
            switch error {
            case .fileExists: try control(EPOLL_CTL_MOD, descriptor, readiness, tag)
            case .noSuchFileOrDirectory: try control(EPOLL_CTL_ADD, descriptor, readiness, tag)
            default: throw error
            }
        }
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ readiness: Readiness, _ tag: UInt64
    ) throws(Errno) {
        var event = epoll_event()
        if readiness.isReadable { event.events |= EPOLLIN.rawValue }
        if readiness.isWritable { event.events |= EPOLLOUT.rawValue }
        event.data.u64 = tag
        try SystemCall.nothing(.epollControl) { epoll_ctl(epoll, operation, descriptor, &event) }
    }

    @discardableResult
    package func wait(_ timeout: Int64, _ body: (UInt64, Readiness) -> Void) throws(Errno) -> Int {
        let count: Int32
        do throws(Errno) {
            count = try SystemCall.once(.epollWait) { cl_epoll_wait(epoll, events, Int32(Self.capacity), timeout) }
        } catch {
            if error == .interrupted { return 0 }
            throw error
        }
        for index in 0..<Int(count) { body(events[index].data.u64, Self.readiness(events[index].events)) }
        return Int(count)
    }

    private static func readiness(_ events: UInt32) -> Readiness {
        let ended = EPOLLHUP.rawValue | EPOLLERR.rawValue
        return Readiness(
            readable: events & (EPOLLIN.rawValue | ended) != 0, writable: events & (EPOLLOUT.rawValue | ended) != 0)
    }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        try? Descriptor.close(epoll)
    }

    deinit {
        close()
        events.deallocate()
    }
}
