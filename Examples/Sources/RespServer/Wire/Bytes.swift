import Glibc

/// Bytes that are lent for the duration of a call: usually a word of a command, where it was received.
typealias Bytes = UnsafeRawBufferPointer

extension UnsafeRawBufferPointer {
    /// The number that the bytes spell; nil if they are anything but the shortest spelling of a 64-bit number.
    var integer: Int? {
        guard count > 0, count <= Decimal.longest else { return nil }
        let isNegative = self[0] == UInt8(ascii: "-")
        var index = isNegative ? 1 : 0
        guard index < count else { return nil }
        if self[index] == UInt8(ascii: "0") { return count == 1 ? 0 : nil }
        // Computed as a negative number, because the smallest number has no positive counterpart.
        var number = 0
        while index < count {
            let digit = self[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (shifted, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, alsoOverflows) = shifted.subtractingReportingOverflow(Int(digit))
            guard !overflows, !alsoOverflows else { return nil }
            number = sum
            index += 1
        }
        if isNegative { return number }
        return number == .min ? nil : -number
    }

    /// The decimal fraction that the bytes spell, which may be infinite; nil if they spell none.
    var double: Double? {
        // Swift's parser stops at a zero byte.
        guard count > 0, count < 256, !contains(0), let number = Double(text), !number.isNaN else { return nil }
        return number
    }

    var text: String { String(decoding: self, as: UTF8.self) }

    /// Compares without regard to the case of ASCII letters.
    ///
    /// - Parameter word: A word in lower case.
    func spells(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount
            && word.withUTF8Buffer { word in zip(self, word).allSatisfy { $0.lowercased == $1 } }
    }

    @inline(__always)
    func equals(_ other: [UInt8]) -> Bool {
        count == other.count
            && (count == 0 || other.withUnsafeBytes { memcmp(baseAddress!, $0.baseAddress!, count) } == 0)
    }
}

extension UInt8 {
    var lowercased: UInt8 { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self ? self | 0x20 : self }
}

extension [UInt8] {
    /// Lends the bytes.
    func lend<Result, Failure: Error>(_ body: (Bytes) throws(Failure) -> Result) throws(Failure) -> Result {
        try span.bytes.withUnsafeBytes(body)
    }

    var text: String { String(decoding: self, as: UTF8.self) }
}

/// Numbers as decimal digits.
enum Decimal {
    /// The characters of the longest number, which is `Int.min`.
    static let longest = 20

    /// Writes a number to the end of memory of ``longest`` bytes.
    ///
    /// - Returns: The number's characters.
    static func write(_ number: Int, into memory: UnsafeMutableRawBufferPointer) -> Bytes {
        var index = memory.count
        var rest = number.magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            index -= 1
            memory[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest > 0
        if number < 0 {
            index -= 1
            memory[index] = UInt8(ascii: "-")
        }
        return Bytes(rebasing: memory[index...])
    }

    static func bytes(_ number: Int) -> [UInt8] {
        Array(String(number).utf8)
    }

    /// The shortest digits from which the number can be read back, without an exponent.
    static func bytes(_ number: Double) -> [UInt8] {
        if number == 0 { return [UInt8(ascii: "0")] }
        var text = "\(number)"
        if text.contains("e") {
            text = withVaList([number]) { arguments in
                withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
                    vsnprintf(buffer.baseAddress!, buffer.count, "%.17f", arguments)
                    return String(cString: buffer.baseAddress!)
                }
            }
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
            if text == "-0" { text = "0" }
        }
        if text.hasSuffix(".0") { text.removeLast(2) }
        return Array(text.utf8)
    }
}
