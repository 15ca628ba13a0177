package import Kernel

/// How a loop watches one descriptor that is not its own.
///
/// It calls its owner from the loop's turn only, never inside a call of its owner's.
package protocol WatchChannel: AnyObject {
    /// Says what is wanted from now on: the owner is told in each turn in which it is there, and as long as it is.
    ///
    /// What is wanted no more is not told again, and of nothing wanted nothing is left in the kernel.
    func watch(reading: Bool, writing: Bool) throws(Errno)

    /// As ``watch(reading:writing:)``, where the descriptor may stand for another file than before: nothing that the
    /// kernel was asked for the former file is relied on, and nothing that was found of it is told.
    ///
    /// If this throws, nothing is watched.
    func rearm(reading: Bool, writing: Bool) throws(Errno)

    /// Watches no more, for good: once this has returned the descriptor may be closed.
    func close()
}

/// Who is told that a watched descriptor is ready.
package protocol WatchOwner: AnyObject {
    /// A read, or a write, would not block: also where the peer has hung up or an error is to be fetched.
    func becameReady(reading: Bool, writing: Bool)
    /// The kernel watches the descriptor no more, for instance because somebody closed it.
    func watchingFailed(_ errno: Errno)
    /// What the watch in one direction is for, for reports.
    func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose
}

extension WatchOwner {
    package func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(isWriting ? .watchForWriting : .watchForReading, descriptor, owner: "\(self)")
    }
}
