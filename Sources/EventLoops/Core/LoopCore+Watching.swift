internal import Kernel

extension LoopCore {
    func addWatch(
        _ operation: String, _ descriptor: Int32, _ direction: WatchDirection, at place: SourcePlace?,
        _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try check(operation)
        try checkIsFree(operation, descriptor)
        // A ring would report a closed descriptor only in the next turn.
        guard sockets.isOpen(descriptor) else {
            throw EventLoopError(
                .system, operation, errno: .badFileDescriptor, detail: "File descriptor \(descriptor) is not open")
        }
        let watch = descriptors.watch(descriptor) {
            DescriptorWatch(descriptor, channels: channels, queue: queue, exceptions: exceptions)
        }
        do throws(Errno) { try watch.add(direction, at: place, callback) } catch {
            // The exception handler may have added another watch by now.
            descriptors.endEmptyWatch(descriptor)
            throw EventLoopError(.system, operation, errno: error, detail: Self.remedy(error, descriptor))
        }
    }

    func removeWatch(
        _ operation: String, _ descriptor: Int32, _ direction: WatchDirection
    ) throws(EventLoopError) -> Bool {
        if isClosed { return false }
        try check(operation)
        try checkIsFree(operation, descriptor)
        return descriptors.remove(descriptor, direction)
    }

    private func checkIsFree(_ operation: String, _ descriptor: Int32) throws(EventLoopError) {
        guard descriptor >= 0 else { throw .invalidArgument(operation, "Invalid file descriptor: \(descriptor)") }
        guard let owner = descriptors.owner(of: descriptor) else { return }
        throw EventLoopError(.descriptorInUse, operation, detail: "File descriptor \(descriptor) is used by \(owner)")
    }

    private static func remedy(_ errno: Errno, _ descriptor: Int32) -> String {
        guard errno == .notPermitted else { return "File descriptor \(descriptor) cannot be watched" }
        return "epoll watches no regular files or directories, which are always ready: use them in an executor"
    }
}
