/// Learns about keys that appear, and about those that no command has removed.
protocol StoreObserver: AnyObject {
    func keyAdded(_ key: Bytes, database: Int)
    func keyRemoved(_ key: [UInt8], database: Int, _ reason: Removal)
}

/// Why a key is gone although no command removed it.
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
