internal import Glibc

/// Descriptions of sends that consist of several runs of bytes: they must stay until the send has completed.
///
/// Kept when they are free, so that steady sending allocates none.
final class GatherPool {
    typealias List = UnsafeMutablePointer<GatherList>

    /// Where a channel's owner describes its runs, before it is known how many there are.
    let scratch = UnsafeMutablePointer<iovec>.allocate(capacity: GatherList.limit)
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
        list.initialize(to: GatherList(vectors: .allocate(capacity: GatherList.limit)))
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
    /// Runs that one send takes at most.
    ///
    /// The kernel's own limit is 1024.
    static let limit = 64
    /// Bytes that one send takes at most.
    ///
    /// A send completes when the kernel has all of it: in smaller steps its owner learns in time that more may be
    /// written.
    static let byteLimit = 256 * 1024

    /// Cuts a description to the limit, and returns the number of runs that are left.
    static func bounded(_ vectors: UnsafeMutablePointer<iovec>, _ count: Int) -> Int {
        var left = byteLimit
        for index in 0..<count {
            if vectors[index].iov_len >= left {
                vectors[index].iov_len = left
                return index + 1
            }
            left -= vectors[index].iov_len
        }
        return count
    }

    let vectors: UnsafeMutablePointer<iovec>
    var message = msghdr()
}
