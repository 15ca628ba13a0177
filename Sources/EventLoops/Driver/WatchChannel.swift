package import Kernel

/// Watches a descriptor that the loop does not own.
///
/// The channel calls its owner only from the loop's turn, never inside a call that the owner makes.
package protocol WatchChannel: AnyObject {
    /// Sets the directions to watch from now on.
    ///
    /// The owner is notified in each turn in which the descriptor is ready in one of these directions, and only of
    /// these. If no direction is watched, the kernel keeps no reference to the file.
    func watch(reading: Bool, writing: Bool) throws(Errno)

    /// Like ``watch(reading:writing:)``, but for a descriptor that may now refer to a different file.
    ///
    /// All directions are registered with the kernel again, and events of the former file are dropped.
    ///
    /// If this throws, nothing is watched.
    func rearm(reading: Bool, writing: Bool) throws(Errno)

    /// Stops watching permanently: when this has returned, the descriptor may be closed.
    func close()
}

/// The object that is notified when a watched descriptor is ready.
package protocol WatchOwner: AnyObject {
    /// Called when a read or a write would not block, including when the peer has hung up or an error is pending.
    func becameReady(reading: Bool, writing: Bool)
    /// Called when the kernel no longer watches the descriptor, for instance because the descriptor was closed.
    func watchingFailed(_ errno: Errno)
    /// The purpose of the watch in one direction, for reports.
    func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose
}

extension WatchOwner {
    package func purpose(ofWriting isWriting: Bool, _ descriptor: Int32) -> OperationPurpose {
        OperationPurpose(isWriting ? .watchForWriting : .watchForReading, descriptor, owner: "\(self)")
    }
}
