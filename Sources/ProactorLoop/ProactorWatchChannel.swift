internal import EventLoops
internal import Kernel

/// A channel that watches a user's descriptor on a ring, with separate polls for reading and writing.
///
/// A combined poll would have to be cancelled and submitted again whenever a direction is added or removed.
final class ProactorWatchChannel: WatchChannel {
    private let descriptor: Int32
    private let port: RingPort
    private weak var owner: (any WatchOwner)?
    private var reading: DescriptorPoll?
    private var writing: DescriptorPoll?

    init(_ descriptor: Int32, port: RingPort, owner: any WatchOwner) {
        self.descriptor = descriptor
        self.port = port
        self.owner = owner
    }

    func watch(reading wantsReading: Bool, writing wantsWriting: Bool) throws(Errno) {
        reading = updated(reading, wantsReading, .reading)
        writing = updated(writing, wantsWriting, .writing)
    }

    func rearm(reading wantsReading: Bool, writing wantsWriting: Bool) throws(Errno) {
        reading = withoutFormerFile(reading)
        writing = withoutFormerFile(writing)
        try watch(reading: wantsReading, writing: wantsWriting)
    }

    /// Ends a poll that is in flight, because it may be for a file to which the descriptor referred before.
    ///
    /// A poll that has not been submitted yet is kept: it will apply to the file to which the descriptor refers then.
    private func withoutFormerFile(_ poll: DescriptorPoll?) -> DescriptorPoll? {
        guard let poll, poll.isInFlight else { return poll }
        poll.end()
        return nil
    }

    private func updated(_ poll: DescriptorPoll?, _ isWanted: Bool, _ kind: DescriptorPoll.Kind) -> DescriptorPoll? {
        guard isWanted else {
            poll?.end()
            return nil
        }
        return poll ?? owner.map { DescriptorPoll(descriptor, kind, port: port, owner: $0) }
    }

    func close() {
        reading?.end()
        writing?.end()
        reading = nil
        writing = nil
    }
}
