/// The keys of one database, with the times at which they expire.
final class Database {
    private struct Item {
        var value: Value
        /// When it was used last, in ticks of the clock.
        var lastUse: UInt32
        /// Milliseconds since 1970; ``never`` without a limit.
        var deadline = Database.never
    }

    let index: Int
    private let state: StoreState
    private let items = ByteTable<Item>()
    /// The keys that have a deadline.
    private(set) var volatileCount = 0
    /// Where the search for expired keys resumes.
    private var sweepSlot = 0
    static let never = Int.max
    /// The last deadline that can be rounded.
    static let latest = never - 1000

    init(index: Int, state: StoreState) {
        self.index = index
        self.state = state
    }

    var count: Int { items.count }

    // MARK: One key

    /// The value of a key; nil without one, or if it has expired.
    func value(_ key: Bytes) -> Value? {
        guard let slot = liveSlot(key) else { return nil }
        return items[slot: slot].value
    }

    /// Replaces a value, or adds the key.
    ///
    /// - Parameter deadline: When the key expires; nil leaves that as it is.
    func set(_ key: Bytes, _ value: Value, deadline: Int? = never) {
        if let slot = liveSlot(key) {
            items[slot: slot].value = value
            if let deadline { setDeadline(slot, deadline) }
        } else {
            items.insert(Array(key), Item(value: value, lastUse: state.ticks))
            state.observer?.keyAdded(key, database: index)
            if let deadline, deadline != Self.never, let slot = items.slot(of: key) { setDeadline(slot, deadline) }
        }
    }

    /// Changes a string in place, an empty one if there is no such key.
    func edit(_ key: Bytes, _ body: (inout [UInt8]) -> Void) throws(CommandError) {
        if liveSlot(key) == nil { set(key, .edited([])) }
        guard let slot = items.slot(of: key) else { return }
        guard var text = items[slot: slot].value.text else { throw .wrongType }
        // Another reference to the bytes would make the change copy them.
        items[slot: slot].value = .integer(0)
        body(&text)
        items[slot: slot].value = .edited(text)
    }

    /// - Returns: Whether there was such a key.
    func remove(_ key: Bytes) -> Bool {
        guard let slot = liveSlot(key) else { return false }
        remove(slot: slot)
        return true
    }

    func removeAll() {
        items.removeAll()
        volatileCount = 0
    }

    /// When a key expires; nil without the key.
    func deadline(_ key: Bytes) -> Int? {
        liveSlot(key).map { items[slot: $0].deadline }
    }

    /// - Returns: Whether there is such a key.
    func setDeadline(_ key: Bytes, _ deadline: Int) -> Bool {
        guard let slot = liveSlot(key) else { return false }
        setDeadline(slot, deadline)
        return true
    }

    /// Where the value is kept, and the seconds since its last use; does not count as a use.
    func place(_ key: Bytes) -> (slot: Int, idle: Int)? {
        guard let slot = items.slot(of: key) else { return nil }
        return (slot, Int(state.ticks &- items[slot: slot].lastUse) / StoreState.ticksPerSecond)
    }

    @inline(__always)
    private func liveSlot(_ key: Bytes) -> Int? {
        guard let slot = items.slot(of: key) else { return nil }
        if items[slot: slot].deadline != Self.never, items[slot: slot].deadline <= WallClock.milliseconds {
            expire(slot)
            return nil
        }
        items[slot: slot].lastUse = state.ticks
        return slot
    }

    private func setDeadline(_ slot: Int, _ deadline: Int) {
        let old = items[slot: slot].deadline
        if old == deadline { return }
        volatileCount += (deadline == Self.never ? 0 : 1) - (old == Self.never ? 0 : 1)
        items[slot: slot].deadline = deadline
    }

    private func remove(slot: Int) {
        if items[slot: slot].deadline != Self.never { volatileCount -= 1 }
        items.remove(slot: slot)
    }

    private func expire(_ slot: Int) {
        guard let (key, _) = items.entry(slot: slot) else { return }
        remove(slot: slot)
        state.expiredKeys += 1
        state.observer?.keyRemoved(key, database: index, .expired)
    }

    // MARK: Many keys

    func visit(_ body: (_ key: [UInt8], _ value: Value, _ deadline: Int) -> Void) {
        let now = WallClock.milliseconds
        items.visit { key, item in
            if item.deadline > now { body(key, item.value, item.deadline) }
        }
    }

    /// A random key; nil if there is none.
    func anyKey() -> [UInt8]? {
        while let slot = items.anySlot(), let (key, item) = items.entry(slot: slot) {
            if item.deadline > WallClock.milliseconds { return key }
            expire(slot)
        }
        return nil
    }

    /// Removes the expired keys among some slots; the next call continues behind them.
    func sweep(slots: Int) {
        guard volatileCount > 0 else { return }
        let now = WallClock.milliseconds
        for _ in 0..<min(slots, items.slots) {
            sweepSlot = (sweepSlot + 1) & (items.slots - 1)
            // The gap is filled with the next key.
            while let (_, item) = items.entry(slot: sweepSlot), item.deadline <= now { expire(sweepSlot) }
        }
    }

    /// Removes the least recently used of a few keys.
    ///
    /// - Returns: Whether there was a key.
    func evictOne(sample: Int) -> Bool {
        var oldest: (slot: Int, idle: UInt32)?
        for _ in 0..<sample {
            guard let slot = items.anySlot() else { return false }
            let idle = state.ticks &- items[slot: slot].lastUse
            if oldest.map({ idle > $0.idle }) ?? true { oldest = (slot, idle) }
        }
        guard let oldest, let (key, _) = items.entry(slot: oldest.slot) else { return false }
        remove(slot: oldest.slot)
        state.evictedKeys += 1
        state.observer?.keyRemoved(key, database: index, .evicted)
        return true
    }
}
