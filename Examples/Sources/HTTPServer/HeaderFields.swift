/// What this server reads in header fields: `Host` and `Expect`.
///
/// The C parser itself sees to lengths and keep-alive.
struct HeaderFields {
    private(set) var hostCount = 0
    /// About which the C parser is lenient, but RFC 9112, 5.1, is not.
    ///
    /// Proxies that read such names otherwise than we do could be made to see other requests than we see.
    private(set) var hasBlankInName = false
    private var name = ShortName()
    private var isInsideValue = false
    private var expectation: [UInt8] = []

    /// Whether the client sends the body only once it is asked to.
    var awaitsContinue: Bool {
        !expectation.isEmpty && isContinue
    }

    /// Whether the client expects what nobody here can do.
    var hasUnknownExpectation: Bool {
        !expectation.isEmpty && !isContinue
    }

    private var isContinue: Bool {
        // The C parser drops the blanks before a value, but not those after it.
        guard let last = expectation.lastIndex(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else {
            return false
        }
        return expectation[...last].elementsEqual("100-continue".utf8) { $0 | 0x20 == $1 | 0x20 }
    }

    mutating func reset() {
        hostCount = 0
        hasBlankInName = false
        name = ShortName()
        isInsideValue = false
        if !expectation.isEmpty { expectation = [] }
    }

    mutating func nameContinued(_ bytes: UnsafeRawBufferPointer) {
        if isInsideValue { name = ShortName() }
        isInsideValue = false
        name.append(bytes)
        if bytes.contains(UInt8(ascii: " ")) { hasBlankInName = true }
    }

    mutating func valueContinued(_ bytes: UnsafeRawBufferPointer) {
        if !isInsideValue, name == ShortName.host { hostCount += 1 }
        isInsideValue = true
        if name == ShortName.expect { expectation.append(contentsOf: bytes) }
    }
}

/// The name of a header field without its case, as one number: no memory for names that matter to nobody.
private struct ShortName: Equatable {
    static let host = ShortName("host")
    static let expect = ShortName("expect")

    private var letters: UInt64 = 0
    private var count = 0

    init() {}

    private init(_ name: StaticString) {
        name.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes.prefix(max(0, 8 - count)) { letters = letters << 8 | UInt64(byte | 0x20) }
        count += bytes.count
    }
}
