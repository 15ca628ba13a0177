/// All databases.
final class Store {
    static let databaseCount = 16

    let state = StoreState()
    let databases: [Database]
    /// Slots that one tick examines in each database.
    private static let sweptSlots = 4096

    init() {
        let state = state
        databases = (0..<Self.databaseCount).map { Database(index: $0, state: state) }
    }

    /// Call ``StoreState/ticksPerSecond`` times a second.
    func tick(removesExpired: Bool) {
        state.ticks &+= 1
        guard removesExpired else { return }
        for database in databases { database.sweep(slots: Self.sweptSlots) }
    }

    func removeAll() {
        for database in databases { database.removeAll() }
    }

    /// Removes keys until less memory is in use.
    ///
    /// - Returns: Whether that was possible.
    func evict(downTo limit: Int) -> Bool {
        while Memory.used > limit {
            guard let largest = databases.max(by: { $0.count < $1.count }), largest.evictOne(sample: 5) else {
                return false
            }
        }
        return true
    }
}
