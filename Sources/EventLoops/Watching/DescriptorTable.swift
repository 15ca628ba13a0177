/// The owner of each descriptor that the loop knows: the loop itself, a transport or server, or a user's watch.
///
/// A descriptor never has more than one owner.
final class DescriptorTable {
    private enum Owner {
        /// The loop, which uses the descriptor for the named purpose.
        case loop(String)
        case member(role: String, object: any AnyObject)
    }

    private var owners: [Int32: Owner] = [:]
    private var watches: [Int32: DescriptorWatch] = [:]
    private var waiters: [ObjectIdentifier: any DescriptorWaiter] = [:]

    /// Records that the loop itself needs a descriptor to run.
    func claim(_ descriptor: Int32, asLoopsOwn name: String) {
        owners[descriptor] = .loop(name)
    }

    /// Records that a transport or server uses a descriptor from now on.
    ///
    /// Ends the user's watch on the descriptor, if any: either the user gave a watched socket to the loop, or closed a
    /// watched file without removing the watch, and the descriptor was reused.
    func claim(_ descriptor: Int32, _ role: String, _ object: any AnyObject) {
        endWatch(descriptor)
        owners[descriptor] = .member(role: role, object: object)
    }

    /// Records that a transport or server no longer uses a descriptor, and notifies the objects that are waiting for a
    /// free one.
    func release(_ descriptor: Int32, _ object: any AnyObject) {
        if case .member(_, let owner) = owners[descriptor], owner === object { owners[descriptor] = nil }
        announceRelease()
    }

    /// The owner of a descriptor, in words; nil if the descriptor belongs to the user.
    func owner(of descriptor: Int32) -> String? {
        switch owners[descriptor] {
        case .loop(let name): "the event loop itself, as its \(name): watch a descriptor of your own"
        case .member(let role, let object): "\(role) \(object)"
        case nil: nil
        }
    }

    // MARK: Shortage

    /// Calls ``DescriptorWaiter/descriptorWasReleased()`` once, when the next descriptor is released.
    func notifyOfRelease(_ waiter: any DescriptorWaiter) {
        waiters[ObjectIdentifier(waiter)] = waiter
    }

    /// Cancels ``notifyOfRelease(_:)``.
    func cancelNotification(_ waiter: any DescriptorWaiter) {
        if !waiters.isEmpty { waiters[ObjectIdentifier(waiter)] = nil }
    }

    /// Notifies the objects that wait for a free descriptor.
    func announceRelease() {
        if waiters.isEmpty { return }
        let notified = waiters
        waiters = [:]
        for waiter in notified.values { waiter.descriptorWasReleased() }
    }

    // MARK: Watches

    /// The watch of a descriptor, created if there is none.
    func watch(_ descriptor: Int32, _ make: () -> DescriptorWatch) -> DescriptorWatch {
        if let watch = watches[descriptor], !watch.isEmpty { return watch }
        let watch = make()
        watches[descriptor] = watch
        return watch
    }

    /// Whether there are any watches.
    var hasWatches: Bool { !watches.isEmpty }

    /// Whether a callback waits for the descriptor.
    func isWatched(_ descriptor: Int32) -> Bool {
        watches[descriptor]?.isEmpty == false
    }

    /// Removes a callback; false if there was none.
    func remove(_ descriptor: Int32, _ direction: WatchDirection) -> Bool {
        guard let watch = watches[descriptor] else { return false }
        let wasThere = watch.remove(direction)
        if watch.isEmpty { watches[descriptor] = nil }
        return wasThere
    }

    /// Ends the watch of a descriptor, if there is one.
    func endWatch(_ descriptor: Int32) {
        if !watches.isEmpty { watches.removeValue(forKey: descriptor)?.end() }
    }

    /// Ends the watch of a descriptor if it has no callback.
    func endEmptyWatch(_ descriptor: Int32) {
        if watches[descriptor]?.isEmpty == true { endWatch(descriptor) }
    }

    /// A description of each watch.
    var watchDescriptions: [String] {
        watches.values.map { "\($0)" }
    }

    /// Ends every watch and forgets all owners and waiters, because the loop is closing.
    func removeAll() {
        for watch in watches.values { watch.end() }
        watches = [:]
        owners = [:]
        waiters = [:]
    }
}

/// An object that waits until the process may be able to open a descriptor again.
protocol DescriptorWaiter: AnyObject {
    /// Called when the loop has closed a descriptor or is about to close one in this turn.
    func descriptorWasReleased()
}
