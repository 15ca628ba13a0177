/// All keys in the file format from which replicas start (RDB, version 9).
struct Snapshot {
    private var bytes = Array("REDIS0009".utf8)

    private enum Mark: UInt8 {
        case expiresAt = 0xFC
        case database = 0xFE
        case end = 0xFF
    }

    private enum Kind: UInt8 {
        case string = 0
        case list = 1
        case set = 2
        case hash = 4
        case sortedSet = 5
    }

    /// - Throws: ``CommandError`` if there is a stream: this server cannot write them.
    static func make(_ store: Store) throws(CommandError) -> [UInt8] {
        var snapshot = Snapshot()
        for database in store.databases where database.count > 0 {
            snapshot.bytes.append(Mark.database.rawValue)
            snapshot.add(length: database.index)
            var hasStream = false
            database.visit { key, value, deadline in
                if case .stream = value { hasStream = true } else { snapshot.add(key, value, deadline) }
            }
            if hasStream { throw CommandError("ERR a database with streams cannot be copied") }
        }
        snapshot.bytes.append(Mark.end.rawValue)
        // No checksum.
        snapshot.add(fixed: 0)
        return snapshot.bytes
    }

    private mutating func add(_ key: [UInt8], _ value: Value, _ deadline: Int) {
        if deadline != Database.never {
            bytes.append(Mark.expiresAt.rawValue)
            add(fixed: UInt64(deadline))
        }
        switch value {
        case .integer, .string, .edited:
            begin(.string, key)
            add(value.text ?? [])
        case .list(let list):
            begin(.list, key)
            add(length: list.count)
            for element in list.elements { add(element) }
        case .set(let members):
            begin(.set, key)
            add(length: members.count)
            for member in members.keys { add(member) }
        case .hash(let fields):
            begin(.hash, key)
            add(length: fields.count)
            for field in fields.keys {
                add(field)
                add(field.lend { fields[$0] } ?? [])
            }
        case .sortedSet(let set):
            begin(.sortedSet, key)
            add(length: set.count)
            for member in set.members {
                add(member.name)
                add(fixed: member.score.bitPattern)
            }
        case .stream: break
        }
    }

    private mutating func begin(_ kind: Kind, _ key: [UInt8]) {
        bytes.append(kind.rawValue)
        add(key)
    }

    private mutating func add(_ string: [UInt8]) {
        add(length: string.count)
        bytes.append(contentsOf: string)
    }

    /// The upper two bits say how many bytes a length has.
    private mutating func add(length: Int) {
        switch length {
        case ..<64: bytes.append(UInt8(length))
        case ..<16384:
            bytes.append(0x40 | UInt8(length >> 8))
            bytes.append(UInt8(truncatingIfNeeded: length))
        default:
            bytes.append(0x81)
            withUnsafeBytes(of: UInt64(length).bigEndian) { bytes.append(contentsOf: $0) }
        }
    }

    private mutating func add(fixed number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
