package import Kernel

/// The seams that emulated operations use.
struct ReadinessSeams {
    let queue: WorkQueue
    let channels: any ChannelFactory
    let sockets: any SocketSystem
}

/// An operation on a socket that repeats a non-blocking call when its descriptor is ready.
///
/// For drivers without a native operation: it needs only a ``WatchChannel``. Cancellation ends it at once, because
/// nothing is in flight in the kernel.
package class ReadinessOperation: SocketOperation, WatchOwner, @unchecked Sendable {
    /// The direction in which the descriptor must become ready.
    enum Direction {
        case reading, writing
    }

    final let descriptor: Int32
    package final let wait: OperationWait
    package final lazy var passed = PassedDescriptors()
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var peer: SocketAddress?
    final let sockets: any SocketSystem
    private let channels: any ChannelFactory
    private let direction: Direction
    /// The channel that watches the descriptor; nil while the descriptor is not watched.
    private var channel: (any WatchChannel)?

    init(_ descriptor: Int32, waitsFor direction: Direction, _ seams: ReadinessSeams) {
        self.descriptor = descriptor
        self.direction = direction
        sockets = seams.sockets
        channels = seams.channels
        wait = OperationWait(queue: seams.queue)
    }

    // Computed, because access through the protocol to a stored property costs an exclusivity check.

    package final var bytes: UnsafeMutableRawBufferPointer {
        get { memory }
        set { memory = newValue }
    }

    package final var address: SocketAddress? {
        get { peer }
        set { peer = newValue }
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

    package final func abandon(_ result: Int) {}

    /// Makes a call; returns nil if it would block.
    final func unlessBlocked(_ call: () throws(Errno) -> Int) throws(Errno) -> Int? {
        do throws(Errno) { return try call() } catch {
            if error == .resourceTemporarilyUnavailable { return nil }
            throw error
        }
    }

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
        if let channel = channel.take() { channel.close() }
        wait.finish(result)
    }
}
