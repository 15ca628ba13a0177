/// The accepted connections that a server does not serve yet, in the order of their arrival, and the server's limit.
///
/// The kernel may accept a few more connections before a request to stop takes effect; they are held, not dropped.
final class HeldConnections {
    /// A server stops accepting while it holds this many connections.
    static let most = 64

    /// The maximum number of open connections; nil for no limit.
    let limit: Int?
    private(set) var descriptors: [Int32] = []
    /// The index of the oldest descriptor; those before it have been taken.
    private var head = 0

    init(limit: Int?) {
        self.limit = limit
    }

    var count: Int {
        descriptors.count - head
    }

    /// Whether another connection may be served while this many are open.
    func admitsOne(beside open: Int) -> Bool {
        limit.map { open < $0 } ?? true
    }

    /// Whether the server should accept another connection while this many are open.
    func hasSpace(beside open: Int) -> Bool {
        count < Self.most && admitsOne(beside: open + count)
    }

    func append(_ descriptor: Int32) {
        descriptors.append(descriptor)
    }

    func popFirst() -> Int32? {
        guard count > 0 else { return nil }
        defer {
            head += 1
            if count == 0 {
                _ = removeAll()
            } else if head >= Self.most {
                descriptors.removeFirst(head)
                head = 0
            }
        }
        return descriptors[head]
    }

    /// Removes and returns the descriptors that were not taken; the caller has to close them.
    func removeAll() -> [Int32] {
        let left = Array(descriptors[head...])
        descriptors.removeAll(keepingCapacity: true)
        head = 0
        return left
    }
}
