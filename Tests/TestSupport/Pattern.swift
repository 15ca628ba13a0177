internal import Glibc
package import Testing

/// Test bytes that show a loss, a repetition or a change of order: two runs of the pattern differ unless they have the
/// same length and offset.
package enum Pattern {
    /// A prime, so that the pattern does not repeat in step with blocks of a usual size.
    private static let period = 262_139
    private static let table: [UInt8] = {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return (0..<period).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }()

    package static func bytes(_ count: Int, at offset: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let start = (offset + bytes.count) % period
            bytes += table[start..<min(period, start + count - bytes.count)]
        }
        return bytes
    }

    package static func matches(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        var checked = 0
        while checked < bytes.count {
            let start = (offset + checked) % period
            let length = min(period - start, bytes.count - checked)
            let isSame = table.withUnsafeBytes {
                memcmp($0.baseAddress! + start, bytes.baseAddress! + checked, length) == 0
            }
            guard isSame else { return false }
            checked += length
        }
        return true
    }
}

/// Expects equal bytes.
///
/// The issue names the first difference instead of printing both arrays.
package func expectSame(_ bytes: [UInt8], _ expected: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    if bytes == expected { return }
    let place = zip(bytes, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    let what = place.map { "byte \($0) is \(bytes[$0]), not \(expected[$0])" } ?? "one is a prefix of the other"
    Issue.record("\(bytes.count) bytes, \(expected.count) expected: \(what)", sourceLocation: sourceLocation)
}
