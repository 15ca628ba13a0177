internal import Synchronization

/// How loops use a socket whose descriptor any thread may close.
extension Socket {
    /// How an attempt to begin an operation ended.
    package enum Beginning {
        case begun
        /// The socket is closed or detached.
        case ended
        /// Another loop is taking the socket over.
        case moving
    }

    /// Begins an operation: until ``endOperation()``, the descriptor is not closed and its number not reused.
    package func beginOperation() -> Beginning {
        switch shared.acquire() {
        case .acquired: .begun
        case .gone: .ended
        case .moving: .moving
        }
    }

    /// Ends an operation; if it was the last one of a closed or detached socket, releases what was received, and closes
    /// the descriptor of a closed one.
    package func endOperation() {
        switch shared.release() {
        case .other: return
        case .lastOfDetached: releaseReceived(isDetached: true)
        case .lastOfClosed:
            releaseReceived(isDetached: false)
            try? Descriptor.close(shared.original)
        }
    }

    /// The descriptor, for an operation that has begun; valid even if the socket was closed meanwhile.
    package var descriptorInUse: Int32 { shared.original }

    /// Whether the socket is closed or detached; see ``setUser(_:)``.
    package var hasEnded: Bool { shared.hasEnded }

    /// Whether the operation that the caller has begun is the only one.
    package var hasSingleOperation: Bool { shared.isUsedOnce }

    /// Begins to give the socket to another loop; false if any operation but the caller's own is in flight.
    package func beginMove() -> Bool { shared.beginMove() }

    package func endMove() { shared.endMove() }

    /// The ``SocketUser``, which is the socket's only one and lives as long as the socket; nil if it has none yet.
    ///
    /// A bare pointer, so that the loop need not cast: all users are of one class.
    ///
    /// Between ``beginOperation()`` and ``endOperation()``, the user's state belongs to the caller's loop.
    package var user: UnsafeRawPointer? {
        UnsafeRawPointer(bitPattern: userReference.load(ordering: .acquiring))
    }

    /// Sets the user, unless another thread was faster; returns the user.
    ///
    /// The caller must then read ``hasEnded``. A thread that ends the socket marks it and then reads the user: in the
    /// one order of these four accesses, at least one of the threads sees what the other one has written.
    package func setUser(_ user: some SocketUser) -> UnsafeRawPointer {
        let reference = Unmanaged.passRetained(user)
        let new = UnsafeRawPointer(reference.toOpaque())
        let (exchanged, former) = userReference.compareExchange(
            expected: 0, desired: UInt(bitPattern: new), ordering: .sequentiallyConsistent)
        if exchanged { return new }
        reference.release()
        return UnsafeRawPointer(bitPattern: former) ?? new
    }
}
