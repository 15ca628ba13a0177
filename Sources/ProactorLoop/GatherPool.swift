internal import EventLoops
internal import Glibc

/// A pool of message headers for gathered sends; a header must stay unchanged until its send has completed.
///
/// Free headers are reused, so that steady sending allocates nothing.
final class GatherPool {
    typealias List = UnsafeMutablePointer<GatherList>

    /// The vectors in which a channel's owner lists its runs of bytes before their number is known.
    let scratch = UnsafeMutablePointer<iovec>.allocate(capacity: Gathering.mostRuns)
    private var free: [List] = []
    private static let kept = 256

    deinit {
        scratch.deallocate()
        for list in free { Self.release(list) }
    }

    /// Returns a header for the first `count` runs of ``scratch``.
    func take(_ count: Int) -> List {
        let list = free.popLast() ?? Self.make()
        list.pointee.vectors.update(from: scratch, count: count)
        list.pointee.message.msg_iovlen = count
        return list
    }

    func put(_ list: List) {
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

/// The message header and the vectors of a `SENDMSG`.
struct GatherList {
    let vectors: UnsafeMutablePointer<iovec>
    var message = msghdr()
}
