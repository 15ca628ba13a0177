/// Channels that want something once in this turn. Each keeps its place in at most one list of a kind, by a mark of its own.
struct ChannelList {
    private var channels: [ProactorStreamChannel] = []
    private var spare: [ProactorStreamChannel] = []

    var isEmpty: Bool {
        channels.isEmpty
    }

    mutating func append(_ channel: ProactorStreamChannel) {
        channels.append(channel)
    }

    /// Calls `body` with each channel. Those that are added meanwhile wait for the next time.
    mutating func takeEach(_ body: (ProactorStreamChannel) -> Void) {
        guard !channels.isEmpty else { return }
        swap(&channels, &spare)
        for channel in spare { body(channel) }
        spare.removeAll(keepingCapacity: true)
    }
}
