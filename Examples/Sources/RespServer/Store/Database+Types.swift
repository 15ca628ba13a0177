// Values of one type: nil without the key, and an error if the key holds another type.
extension Database {
    func text(_ key: Bytes) throws(CommandError) -> [UInt8]? {
        guard let value = value(key) else { return nil }
        guard let text = value.text else { throw .wrongType }
        return text
    }

    func list(_ key: Bytes) throws(CommandError) -> List? {
        switch value(key) {
        case nil: return nil
        case .list(let list): return list
        default: throw .wrongType
        }
    }

    func hash(_ key: Bytes) throws(CommandError) -> ByteTable<[UInt8]>? {
        switch value(key) {
        case nil: return nil
        case .hash(let hash): return hash
        default: throw .wrongType
        }
    }

    func members(_ key: Bytes) throws(CommandError) -> ByteTable<Void>? {
        switch value(key) {
        case nil: return nil
        case .set(let set): return set
        default: throw .wrongType
        }
    }

    func sortedSet(_ key: Bytes) throws(CommandError) -> SortedSet? {
        switch value(key) {
        case nil: return nil
        case .sortedSet(let set): return set
        default: throw .wrongType
        }
    }

    func stream(_ key: Bytes) throws(CommandError) -> EventStream? {
        switch value(key) {
        case nil: return nil
        case .stream(let stream): return stream
        default: throw .wrongType
        }
    }

    // The same, with a new value if there is none.

    func listToFill(_ key: Bytes) throws(CommandError) -> List {
        if let list = try list(key) { return list }
        let list = List()
        set(key, .list(list))
        return list
    }

    func hashToFill(_ key: Bytes) throws(CommandError) -> ByteTable<[UInt8]> {
        if let hash = try hash(key) { return hash }
        let hash = ByteTable<[UInt8]>()
        set(key, .hash(hash))
        return hash
    }

    func membersToFill(_ key: Bytes) throws(CommandError) -> ByteTable<Void> {
        if let members = try members(key) { return members }
        let members = ByteTable<Void>()
        set(key, .set(members))
        return members
    }
}
