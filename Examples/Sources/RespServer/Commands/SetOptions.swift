/// The options of `SET`: `[NX | XX] [GET] [EX seconds | PX milliseconds | EXAT time | PXAT time | KEEPTTL]`.
struct SetOptions {
    enum Condition {
        case exists
        case isMissing
    }

    private(set) var condition: Condition?
    /// Whether the old value is the reply.
    private(set) var getsOld = false
    /// Nil keeps the old one.
    private(set) var deadline: Int? = Database.never

    init(_ arguments: Arguments) throws(CommandError) {
        var hasTime = false
        var index = 3
        while index < arguments.count {
            let word = arguments[index]
            if word.spells("get") {
                getsOld = true
            } else if word.spells("nx"), condition != .exists {
                condition = .isMissing
            } else if word.spells("xx"), condition != .isMissing {
                condition = .exists
            } else if word.spells("keepttl"), !hasTime {
                hasTime = true
                deadline = nil
            } else if let unit = ExpireTime.Unit(word), !hasTime, index + 1 < arguments.count {
                hasTime = true
                deadline = try ExpireTime.deadline(arguments, index + 1, unit)
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
    }
}

/// When a key expires, as commands give it.
enum ExpireTime {
    enum Unit {
        case seconds
        case milliseconds
        case secondsSince1970
        case millisecondsSince1970

        init?(_ word: Bytes) {
            if word.spells("ex") {
                self = .seconds
            } else if word.spells("px") {
                self = .milliseconds
            } else if word.spells("exat") {
                self = .secondsSince1970
            } else if word.spells("pxat") {
                self = .millisecondsSince1970
            } else {
                return nil
            }
        }
    }

    /// The time in milliseconds since 1970; it must not be 0 or negative.
    static func deadline(_ arguments: Arguments, _ index: Int, _ unit: Unit) throws(CommandError) -> Int {
        let number = try arguments.integer(index)
        guard number > 0 else { throw .invalidExpireTime(arguments[0].text.lowercased()) }
        return try deadline(number, unit, of: arguments)
    }

    static func deadline(_ number: Int, _ unit: Unit, of arguments: Arguments) throws(CommandError) -> Int {
        let factor = unit == .seconds || unit == .secondsSince1970 ? 1000 : 1
        let start = unit == .seconds || unit == .milliseconds ? WallClock.milliseconds : 0
        let (scaled, overflows) = number.multipliedReportingOverflow(by: factor)
        let (deadline, alsoOverflows) = scaled.addingReportingOverflow(start)
        guard !overflows, !alsoOverflows, deadline <= Database.latest else {
            throw .invalidExpireTime(arguments[0].text.lowercased())
        }
        return deadline
    }

    /// The option of `GETEX`: nil without one.
    static func option(_ arguments: Arguments, from index: Int) throws(CommandError) -> Int? {
        switch arguments.count - index {
        case 0: return nil
        case 1 where arguments[index].spells("persist"): return Database.never
        case 2:
            guard let unit = Unit(arguments[index]) else { throw .syntax }
            return try deadline(arguments, index + 1, unit)
        default: throw .syntax
        }
    }
}
