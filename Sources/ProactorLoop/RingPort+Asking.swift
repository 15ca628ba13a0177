internal import EventLoops
internal import Glibc
internal import Uring

/// What channels ask the ring for.
///
/// Each returns the tag by which the operation can be called off; its target is alive until the last completion.
///
/// Asked here, and not of the parts that do it: the compiler retains what lies two steps away from who uses it, for
/// each call.
extension RingPort {
    func acceptMultishot(_ descriptor: Int32, for target: CompletionTarget) -> UInt64 {
        let tag = operations.insert(target, .acceptMultishot)
        ring.acceptMultishot(descriptor, tag: tag)
        return tag
    }

    func connect(
        _ descriptor: Int32, to address: UnsafePointer<sockaddr>, length: socklen_t, for target: CompletionTarget
    ) -> UInt64 {
        let tag = operations.insert(target, .connect)
        ring.connect(descriptor, to: address, length: length, tag: tag)
        return tag
    }

    /// Into the loop's buffers.
    func receiveMultishot(_ descriptor: Int32, for target: CompletionTarget) -> UInt64 {
        let tag = operations.insert(target, .receiveMultishot)
        ring.receiveMultishot(descriptor, group: bufferGroup, tag: tag)
        return tag
    }

    func receive(
        _ descriptor: Int32, into start: UnsafeMutableRawPointer, count: Int, pollFirst: Bool,
        for target: CompletionTarget
    ) -> UInt64 {
        let tag = operations.insert(target, .receive)
        ring.receive(descriptor, into: start, count: count, pollFirst: pollFirst, tag: tag)
        return tag
    }

    func send(_ descriptor: Int32, from start: UnsafeRawPointer, count: Int, for target: CompletionTarget) -> UInt64 {
        let tag = operations.insert(target, .send)
        ring.send(descriptor, from: start, count: count, tag: tag)
        return tag
    }

    func sendMessage(_ descriptor: Int32, _ message: UnsafePointer<msghdr>, for target: CompletionTarget) -> UInt64 {
        let tag = operations.insert(target, .sendMessage)
        ring.sendMessage(descriptor, message, tag: tag)
        return tag
    }

    func poll(_ descriptor: Int32, events: UInt32, for target: CompletionTarget) -> UInt64 {
        let tag = operations.insert(target, .poll)
        ring.poll(descriptor, events: events, tag: tag)
        return tag
    }

    func read(
        _ descriptor: Int32, into start: UnsafeMutableRawPointer, count: Int, for target: CompletionTarget
    ) -> UInt64 {
        let tag = operations.insert(target, .read)
        ring.read(descriptor, into: start, count: count, offset: 0, tag: tag)
        return tag
    }

    func cancel(_ tag: UInt64) {
        ring.cancel(tag)
    }
}
