internal import EventLoops
internal import Glibc

/// Descriptions of sends that consist of several runs of bytes: they must stay until the send has completed.
///
/// Kept when they are free, so that steady sending allocates none.
final class GatherPool {
    typealias List = UnsafeMutablePointer<GatherList>

    /// Where a channel's owner describes its runs, before it is known how many there are.
    let scratch = UnsafeMutablePointer<iovec>.allocate(capacity: Gathering.mostRuns)
    private var free: [List] = []
    private static let kept = 256

    deinit {
        scratch.deallocate()
        for list in free { Self.release(list) }
    }

    /// A description of the first `count` runs of the scratch.
    func take(_ count: Int) -> List {
        let list = free.popLast() ?? Self.make()
        list.pointee.vectors.update(from: scratch, count: count)
        list.pointee.message.msg_iovlen = count
        return list
    }

    func giveBack(_ list: List) {
        if free.count < Self.kept { free.append(list) } else { Self.release(list) }
    }

    private static func make() -> List {
        let list = List.allocate(capacity: 1)
        list.initialize(to: GatherList(vectors: .allocate(capacity: Gathering.mostRuns)))
        list.pointee.message.msg_iov = list.pointee.vectors
        return list
    }

    private static func release(_ list: List) {
        list.pointee.vectors.deallocate()
        list.deallocate()
    }
}

/// What a `SENDMSG` names.
struct GatherList {
    let vectors: UnsafeMutablePointer<iovec>
    var message = msghdr()
}
