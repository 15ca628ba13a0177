/// What a key holds.
enum Value {
    /// A string that spells a number, as the number.
    case integer(Int)
    case string([UInt8])
    /// A string that was changed in place.
    case edited([UInt8])
    case list(List)
    case hash(ByteTable<[UInt8]>)
    case set(ByteTable<Void>)
    case sortedSet(SortedSet)
    case stream(EventStream)

    /// A string, or a number if the string spells one.
    init(text: Bytes) {
        if let number = text.integer { self = .integer(number) } else { self = .string(Array(text)) }
    }

    /// The bytes of a string or a number; nil for other types.
    var text: [UInt8]? {
        switch self {
        case .integer(let number): Decimal.bytes(number)
        case .string(let bytes), .edited(let bytes): bytes
        default: nil
        }
    }

    /// The name of the type, for `TYPE`.
    var typeName: String {
        switch self {
        case .integer, .string, .edited: "string"
        case .list: "list"
        case .hash: "hash"
        case .set: "set"
        case .sortedSet: "zset"
        case .stream: "stream"
        }
    }

    /// The name of the representation, for `OBJECT ENCODING`.
    var encoding: String {
        switch self {
        case .integer: "int"
        case .string(let bytes): bytes.count <= 44 ? "embstr" : "raw"
        case .edited: "raw"
        case .list: "quicklist"
        case .hash, .set: "hashtable"
        case .sortedSet: "skiplist"
        case .stream: "stream"
        }
    }
}

extension Value {
    /// An estimate of the memory that the value takes, in bytes.
    var memory: Int {
        // An array and a slot of a table have a header each.
        let header = 32
        switch self {
        case .integer: return 0
        case .string(let bytes), .edited(let bytes): return header + bytes.capacity
        case .list(let list): return list.elements.reduce(0) { $0 + header + $1.capacity }
        case .set(let members): return members.keys.reduce(0) { $0 + 2 * header + $1.capacity }
        case .sortedSet(let set): return set.members.reduce(0) { $0 + 3 * header + 2 * $1.name.capacity }
        case .stream(let stream):
            return stream.entries.reduce(0) { $0 + $1.fields.reduce(header) { $0 + header + $1.capacity } }
        case .hash(let fields):
            var sum = 0
            fields.visit { field, value in sum += 3 * header + field.capacity + value.capacity }
            return sum
        }
    }
}
