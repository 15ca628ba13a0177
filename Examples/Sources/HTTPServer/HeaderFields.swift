/// The header fields that this server reads: `Host`, `Expect` and `Transfer-Encoding`.
///
/// The C parser itself handles `Content-Length` and `Connection`.
struct HeaderFields {
    private(set) var hostCount = 0
    /// Whether there is a `Transfer-Encoding`.
    private(set) var hasCoding = false
    private var name = FieldName()
    private var nameHasEnded = false
    private var host: [UInt8] = []
    private var expectation: [UInt8] = []
    private var coding: [UInt8] = []

    /// Whether the client waits for "100 Continue" before it sends the body.
    var awaitsContinue: Bool { Self.equal(expectation, "100-continue") }
    /// Whether the client expects anything else.
    var hasUnknownExpectation: Bool { !expectation.isEmpty && !awaitsContinue }
    /// Whether chunks are the only coding of the body.
    var isChunkedAlone: Bool { Self.equal(coding, "chunked") }
    /// RFC 9112, 3.2.
    var hasValidHost: Bool { Self.trimmed(host).allSatisfy(\.isAllowedInHost) }

    mutating func reset() {
        hostCount = 0
        hasCoding = false
        name.removeAll()
        nameHasEnded = false
        host.removeAll(keepingCapacity: true)
        if !expectation.isEmpty { expectation = [] }
        if !coding.isEmpty { coding = [] }
    }

    mutating func nameContinued(_ bytes: UnsafeRawBufferPointer) {
        if nameHasEnded { name.removeAll() }
        nameHasEnded = false
        name.append(bytes)
    }

    mutating func nameEnded() {
        nameHasEnded = true
        switch name.letters {
        case FieldName.host: hostCount += 1
        case FieldName.transferEncoding:
            hasCoding = true
            // Several fields are one list.
            if !coding.isEmpty { coding.append(UInt8(ascii: ",")) }
        case FieldName.expect:
            if !expectation.isEmpty { expectation.append(UInt8(ascii: ",")) }
        default: break
        }
    }

    mutating func valueContinued(_ bytes: UnsafeRawBufferPointer) {
        switch name.letters {
        case FieldName.host: host.append(contentsOf: bytes)
        case FieldName.expect: expectation.append(contentsOf: bytes)
        case FieldName.transferEncoding: coding.append(contentsOf: bytes)
        default: break
        }
    }

    /// Compares without regard to case and to blanks around the value.
    private static func equal(_ value: [UInt8], _ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in trimmed(value).elementsEqual(word) { $0.lowercased == $1 } }
    }

    private static func trimmed(_ value: [UInt8]) -> ArraySlice<UInt8> {
        guard let first = value.firstIndex(where: { !$0.isBlank }), let last = value.lastIndex(where: { !$0.isBlank })
        else { return [] }
        return value[first...last]
    }
}

/// The name of a header field, kept as long as it may be one that this server reads.
private struct FieldName {
    static let host = Array("host".utf8)
    static let expect = Array("expect".utf8)
    static let transferEncoding = Array("transfer-encoding".utf8)

    private(set) var letters: [UInt8] = []

    mutating func removeAll() {
        letters.removeAll(keepingCapacity: true)
    }

    /// Keeps one letter more than the longest name has, so that longer names match none.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes.prefix(Self.transferEncoding.count + 1 - letters.count) { letters.append(byte.lowercased) }
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    fileprivate var lowercased: UInt8 { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self ? self | 0x20 : self }

    /// What RFC 3986, 3.2.2 and 3.2.3, allow in a host and a port.
    fileprivate var isAllowedInHost: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~%!$&'()*+,;=:[]".utf8.contains(self)
        }
    }
}
