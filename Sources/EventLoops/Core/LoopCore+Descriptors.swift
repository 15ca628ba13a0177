extension LoopCore {
    /// Closes a descriptor that the loop opened or accepted and that no transport or server owns.
    ///
    /// Listeners that were paused by a shortage of descriptors are notified.
    ///
    /// - Thread: Any, because a task that continues on the wrong thread must still close its socket.
    package func close(_ descriptor: Int32) {
        try? sockets.close(descriptor)
        if queue.isInForkedChild { return }
        if queue.ownership.isHome { return descriptors.announceRelease() }
        queue.performOnLoop { [weak self] in
            // If the loop has closed, this runs on another thread, and no listener is left.
            if let self, queue.ownership.isHome { descriptors.announceRelease() }
        }
    }
}
