/// Whose each descriptor is: of a transport or server of the loop, or watched by the loop's user.
///
/// Never both.
final class DescriptorTable {
    private struct Owner {
        let role: String
        let object: any AnyObject
    }

    private var owners: [Int32: Owner] = [:]
    private var watches: [Int32: DescriptorWatch] = [:]

    /// Notes that something of the loop's uses a descriptor from now on.
    ///
    /// A watch that is found there is over: of a socket that was given to the loop, or of a file that was closed before
    /// it was removed and whose number is in use again.
    func claim(_ descriptor: Int32, _ role: String, _ object: any AnyObject) {
        endWatch(descriptor)
        owners[descriptor] = Owner(role: role, object: object)
    }

    /// Notes that a descriptor is not used any more.
    func release(_ descriptor: Int32, _ object: any AnyObject) {
        if owners[descriptor]?.object === object { owners[descriptor] = nil }
    }

    /// Who uses a descriptor, in words; nil if nobody does.
    func owner(of descriptor: Int32) -> String? {
        owners[descriptor].map { "\($0.role) \($0.object)" }
    }

    // MARK: Watches

    func watch(_ descriptor: Int32, _ make: () -> DescriptorWatch) -> DescriptorWatch {
        if let watch = watches[descriptor], !watch.isEmpty { return watch }
        let watch = make()
        watches[descriptor] = watch
        return watch
    }

    /// Takes a callback away; false if there was none.
    func remove(_ descriptor: Int32, _ direction: WatchDirection) -> Bool {
        guard let watch = watches[descriptor] else { return false }
        let wasThere = watch.remove(direction)
        if watch.isEmpty { watches[descriptor] = nil }
        return wasThere
    }

    /// Ends whatever watch there is on a descriptor.
    func endWatch(_ descriptor: Int32) {
        if !watches.isEmpty { watches.removeValue(forKey: descriptor)?.end() }
    }

    /// What is watched, in words.
    var watchDescriptions: [String] {
        watches.values.map { "\($0)" }
    }

    /// The loop closes.
    func removeAll() {
        for watch in watches.values { watch.end() }
        watches = [:]
        owners = [:]
    }
}
