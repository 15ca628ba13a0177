/// Is notified of new keys, and of keys that were removed without a command.
protocol StoreObserver: AnyObject {
    func keyAdded(_ key: Bytes, database: Int)
    func keyRemoved(_ key: [UInt8], database: Int, _ reason: Removal)
}

/// Why a key was removed without a command.
enum Removal {
    case expired
    case evicted
}

/// What the databases share.
final class StoreState {
    static let ticksPerSecond = 10

    unowned var observer: (any StoreObserver)?
    /// The time since the start, for the last use of keys and connections.
    var ticks: UInt32 = 0
    var expiredKeys = 0
    var evictedKeys = 0
}
