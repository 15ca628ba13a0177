/// Channels that want something once in this turn. Each keeps its place in at most one list of a kind, by a mark of its own.
final class ChannelList {
    private typealias Member = Unmanaged<ProactorStreamChannel>

    private var members = UnsafeMutablePointer<Member>.allocate(capacity: 64)
    private var capacity = 64
    private var count = 0

    deinit {
        for index in 0..<count { members[index].release() }
        members.deallocate()
    }

    var isEmpty: Bool {
        count == 0
    }

    func append(_ channel: ProactorStreamChannel) {
        if count == capacity { grow() }
        (members + count).initialize(to: .passRetained(channel))
        count += 1
    }

    /// Calls `body` with each channel. Those that are added meanwhile wait for the next time.
    func takeEach(_ body: (ProactorStreamChannel) -> Void) {
        let taken = count
        guard taken > 0 else { return }
        for index in 0..<taken {
            let member = members[index]
            member._withUnsafeGuaranteedRef(body)
            member.release()
        }
        count -= taken
        if count > 0 { (members + 0).update(from: members + taken, count: count) }
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Member>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: members, count: count)
        members.deallocate()
        members = larger
        capacity *= 2
    }
}
