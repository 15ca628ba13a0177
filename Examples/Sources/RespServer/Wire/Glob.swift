/// Patterns such as `news.*`, `h?llo` and `[a-z]*`; a backslash takes the next character literally.
enum Glob {
    /// Whether the text matches the whole pattern.
    ///
    /// Goes back to the latest star only, so that the time is bounded by the product of the lengths.
    static func matches(_ pattern: Bytes, _ text: Bytes) -> Bool {
        var position = 0
        var index = 0
        var star: (position: Int, index: Int)?
        while index < text.count {
            if position < pattern.count {
                if pattern[position] == UInt8(ascii: "*") {
                    position += 1
                    star = (position, index)
                    continue
                }
                if let next = step(pattern, position, text[index]) {
                    position = next
                    index += 1
                    continue
                }
            }
            guard let latest = star else { return false }
            star = (latest.position, latest.index + 1)
            position = latest.position
            index = latest.index + 1
        }
        return pattern[position...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The position after the element at a position, if that element matches the byte.
    private static func step(_ pattern: Bytes, _ position: Int, _ byte: UInt8) -> Int? {
        switch pattern[position] {
        case UInt8(ascii: "?"): return position + 1
        case UInt8(ascii: "["): return classStep(pattern, position + 1, byte)
        case UInt8(ascii: "\\") where position + 1 < pattern.count:
            return pattern[position + 1] == byte ? position + 2 : nil
        case byte: return position + 1
        default: return nil
        }
    }

    /// The position after a class such as `[a-c]` or `[^x]`, if it contains the byte.
    private static func classStep(_ pattern: Bytes, _ start: Int, _ byte: UInt8) -> Int? {
        var position = start
        let isInverted = position < pattern.count && pattern[position] == UInt8(ascii: "^")
        if isInverted { position += 1 }
        var contains = false
        while position < pattern.count, pattern[position] != UInt8(ascii: "]") {
            if pattern[position] == UInt8(ascii: "\\"), position + 1 < pattern.count { position += 1 }
            let low = pattern[position]
            position += 1
            if position + 1 < pattern.count, pattern[position] == UInt8(ascii: "-") {
                let high = pattern[position + 1]
                position += 2
                if min(low, high)...max(low, high) ~= byte { contains = true }
            } else if low == byte {
                contains = true
            }
        }
        return contains != isInverted ? min(position + 1, pattern.count) : nil
    }
}
