/// A hash table whose keys are bytes; it finds a key by lent bytes, without a copy.
///
/// Open addressing with linear probing; three quarters of the slots are filled at most. The hash is seeded, so that a
/// client cannot choose keys that collide. The memory is managed by hand, because every command uses the table.
final class ByteTable<Element> {
    private struct Entry {
        let key: [UInt8]
        var value: Element
    }

    private(set) var count = 0
    private var mask = 7
    /// The slot that was found last: many commands look up one key several times.
    private var latest = 0
    /// The hash of the key in each slot; 0 for an empty slot.
    private var hashes: UnsafeMutablePointer<Int>
    private var entries: UnsafeMutablePointer<Entry>

    init() {
        (hashes, entries) = Self.allocate(8)
    }

    deinit {
        release()
    }

    var slots: Int { mask + 1 }

    // MARK: One key

    /// The slot of a key; valid until the table changes.
    func slot(of key: Bytes) -> Int? {
        if hashes[latest] != 0, key.equals(entries[latest].key) { return latest }
        let hash = Self.hash(key)
        var slot = hash & mask
        while hashes[slot] != 0 {
            if hashes[slot] == hash, key.equals(entries[slot].key) {
                latest = slot
                return slot
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The value in a filled slot.
    subscript(slot slot: Int) -> Element {
        get { entries[slot].value }
        _modify { yield &entries[slot].value }
    }

    subscript(key: Bytes) -> Element? { slot(of: key).map { entries[$0].value } }

    /// Sets a value.
    ///
    /// - Returns: Whether the key is new.
    @discardableResult
    func set(_ key: Bytes, _ value: Element) -> Bool {
        if let slot = slot(of: key) {
            entries[slot].value = value
            return false
        }
        insert(Array(key), value)
        return true
    }

    /// Adds a key that is not in the table.
    func insert(_ key: [UInt8], _ value: Element) {
        if 4 * (count + 1) > 3 * slots { resize(2 * slots) }
        place(key.lend { Self.hash($0) }, Entry(key: key, value: value))
        count += 1
    }

    @discardableResult
    func remove(_ key: Bytes) -> Element? {
        slot(of: key).map { remove(slot: $0) }
    }

    /// Removes the key in a filled slot.
    @discardableResult
    func remove(slot: Int) -> Element {
        let value = (entries + slot).move().value
        count -= 1
        closeGap(slot)
        return value
    }

    func removeAll() {
        release()
        count = 0
        mask = 7
        latest = 0
        (hashes, entries) = Self.allocate(8)
    }

    // MARK: All keys

    /// The key and the value in a slot; nil if it is empty.
    func entry(slot: Int) -> (key: [UInt8], value: Element)? {
        hashes[slot] == 0 ? nil : (entries[slot].key, entries[slot].value)
    }

    func visit(_ body: ([UInt8], Element) -> Void) {
        for slot in 0..<slots where hashes[slot] != 0 { body(entries[slot].key, entries[slot].value) }
    }

    var keys: [[UInt8]] {
        var keys: [[UInt8]] = []
        keys.reserveCapacity(count)
        visit { key, _ in keys.append(key) }
        return keys
    }

    /// A random key; nil if there is none.
    func anySlot() -> Int? {
        guard count > 0 else { return nil }
        var slot = Int.random(in: 0..<slots)
        while hashes[slot] == 0 { slot = (slot + 1) & mask }
        return slot
    }

    // MARK: Slots

    @inline(__always)
    private static func hash(_ key: Bytes) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: key)
        let hash = hasher.finalize()
        return hash == 0 ? 1 : hash
    }

    private func place(_ hash: Int, _ entry: Entry) {
        var slot = hash & mask
        while hashes[slot] != 0 { slot = (slot + 1) & mask }
        hashes[slot] = hash
        (entries + slot).initialize(to: entry)
    }

    /// Moves entries back whose probing would end at the gap.
    private func closeGap(_ start: Int) {
        var gap = start
        var slot = (gap + 1) & mask
        while hashes[slot] != 0 {
            let distance = (slot - hashes[slot] & mask) & mask
            if distance >= (slot - gap) & mask {
                hashes[gap] = hashes[slot]
                (entries + gap).moveInitialize(from: entries + slot, count: 1)
                gap = slot
            }
            slot = (slot + 1) & mask
        }
        hashes[gap] = 0
    }

    private func resize(_ size: Int) {
        let (oldHashes, oldEntries, oldSlots) = (hashes, entries, slots)
        (hashes, entries) = Self.allocate(size)
        mask = size - 1
        for slot in 0..<oldSlots where oldHashes[slot] != 0 { place(oldHashes[slot], (oldEntries + slot).move()) }
        oldHashes.deallocate()
        oldEntries.deallocate()
    }

    private static func allocate(_ size: Int) -> (UnsafeMutablePointer<Int>, UnsafeMutablePointer<Entry>) {
        let hashes = UnsafeMutablePointer<Int>.allocate(capacity: size)
        hashes.initialize(repeating: 0, count: size)
        return (hashes, .allocate(capacity: size))
    }

    private func release() {
        for slot in 0..<slots where hashes[slot] != 0 { (entries + slot).deinitialize(count: 1) }
        hashes.deallocate()
        entries.deallocate()
    }
}
