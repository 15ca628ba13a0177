package import Kernel

/// An awaited operation that repeats a non-blocking call when its descriptor is ready.
///
/// For drivers without a native operation: it needs only a ``WatchChannel``. Cancellation ends it at once, because
/// nothing is in flight in the kernel.
package class ReadinessOperation: AwaitedOperation, WatchOwner, @unchecked Sendable {
    /// The direction in which the descriptor must become ready.
    enum Direction {
        case reading, writing
    }

    final let descriptor: Int32
    package final let wait: OperationWait
    private let channels: any ChannelFactory
    private let direction: Direction
    /// The channel that watches the descriptor; nil while the descriptor is not watched.
    private var channel: (any WatchChannel)?

    init(_ descriptor: Int32, waitsFor direction: Direction, on queue: WorkQueue, channels: any ChannelFactory) {
        self.descriptor = descriptor
        self.direction = direction
        self.channels = channels
        wait = OperationWait(queue: queue)
    }

    /// Makes the first call.
    ///
    /// - Returns: The result; nil to wait until the descriptor is ready.
    func attempt() throws(Errno) -> Int? {
        preconditionFailure("\(type(of: self)) does not override attempt()")
    }

    /// Repeats the call when the descriptor is ready; by default, makes the first call again.
    func attemptAgain() throws(Errno) -> Int? {
        try attempt()
    }

    package func abandon(_ result: Int) {}

    package func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        preconditionFailure("\(type(of: self)) does not override purpose(ofWriting:_:)")
    }

    package final func start() {
        do throws(Errno) {
            if let result = try attempt() { return end(.success(result)) }
            let channel = channels.makeWatchChannel(descriptor, owner: self)
            self.channel = channel
            try channel.watch(reading: direction == .reading, writing: direction == .writing)
        } catch { end(.failure(error)) }
    }

    package final func requestCancel() {
        end(.failure(.canceled))
    }

    package final func becameReady(reading: Bool, writing: Bool) {
        do throws(Errno) {
            if let result = try attemptAgain() { end(.success(result)) }
        } catch { end(.failure(error)) }
    }

    package final func watchingFailed(_ errno: Errno) {
        end(.failure(errno))
    }

    private func end(_ result: Result<Int, Errno>) {
        channel?.close()
        channel = nil
        wait.finish(result)
    }
}
