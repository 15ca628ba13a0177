/// The longest common subsequence of two strings.
enum LCSCommand {
    static var all: [Command] { [Command("lcs", -3, run)] }

    /// The options of `LCS key key [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]`.
    private struct Options {
        private(set) var wantsLength = false
        private(set) var wantsMatches = false
        private(set) var wantsMatchLengths = false
        private(set) var shortest = 0

        init(_ arguments: Arguments) throws(CommandError) {
            var index = 3
            while index < arguments.count {
                if arguments[index].spells("len") {
                    wantsLength = true
                } else if arguments[index].spells("idx") {
                    wantsMatches = true
                } else if arguments[index].spells("withmatchlen") {
                    wantsMatchLengths = true
                } else if arguments[index].spells("minmatchlen"), index + 1 < arguments.count {
                    index += 1
                    shortest = try arguments.integer(index)
                } else {
                    throw .syntax
                }
                index += 1
            }
            if wantsLength, wantsMatches {
                throw CommandError("ERR If you want both the length and indexes, please just use IDX.")
            }
        }
    }

    private static func run(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let options = try Options(arguments)
        guard let left = (client.database.value(arguments[1]) ?? .string([])).text,
            let right = (client.database.value(arguments[2]) ?? .string([])).text
        else { throw CommandError("ERR The specified keys must contain string values") }
        let cells = (left.count + 1).multipliedReportingOverflow(by: right.count + 1)
        guard !cells.overflow, cells.partialValue <= Limits.word / MemoryLayout<UInt32>.size else {
            throw CommandError("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        }
        let found = CommonSubsequence(left, right)
        if options.wantsMatches {
            reply(client, found, options)
        } else if options.wantsLength {
            client.reply.integer(found.length)
        } else {
            client.reply.bulk(found.bytes)
        }
    }

    private static func reply(_ client: Client, _ found: CommonSubsequence, _ options: Options) {
        let matches = found.matches.filter { $0.left.count >= options.shortest }
        client.reply.map(2)
        client.reply.bulk("matches")
        client.reply.array(matches.count)
        for match in matches {
            client.reply.array(options.wantsMatchLengths ? 3 : 2)
            for range in [match.left, match.right] {
                client.reply.array(2)
                client.reply.integer(range.lowerBound)
                client.reply.integer(range.upperBound)
            }
            if options.wantsMatchLengths { client.reply.integer(match.left.count) }
        }
        client.reply.bulk("len")
        client.reply.integer(found.length)
    }
}

/// The longest common subsequence, by a table of the lengths for all pairs of prefixes.
private struct CommonSubsequence {
    let length: Int
    private(set) var bytes: [UInt8] = []
    /// The runs of equal bytes, from the last to the first.
    private(set) var matches: [(left: ClosedRange<Int>, right: ClosedRange<Int>)] = []

    init(_ left: [UInt8], _ right: [UInt8]) {
        let width = right.count + 1
        var lengths = [UInt32](repeating: 0, count: (left.count + 1) * width)
        for row in left.indices {
            for column in right.indices {
                lengths[(row + 1) * width + column + 1] =
                    left[row] == right[column]
                    ? lengths[row * width + column] + 1
                    : max(lengths[row * width + column + 1], lengths[(row + 1) * width + column])
            }
        }
        length = Int(lengths[lengths.count - 1])
        var (row, column) = (left.count, right.count)
        while row > 0, column > 0 {
            if left[row - 1] == right[column - 1] {
                row -= 1
                column -= 1
                bytes.append(left[row])
                add(row, column)
            } else if lengths[(row - 1) * width + column] > lengths[row * width + column - 1] {
                row -= 1
            } else {
                column -= 1
            }
        }
        bytes.reverse()
    }

    /// Adds a pair of equal bytes, in front of the latest run or as a run of its own.
    private mutating func add(_ row: Int, _ column: Int) {
        if let last = matches.last, last.left.lowerBound == row + 1, last.right.lowerBound == column + 1 {
            matches[matches.count - 1] = (row...last.left.upperBound, column...last.right.upperBound)
        } else {
            matches.append((row...row, column...column))
        }
    }
}
