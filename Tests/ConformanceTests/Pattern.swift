import Glibc
import Testing

/// Bytes of which every run can be told from every other, whatever its length and place.
enum Pattern {
    /// A prime, so that no block of a usual size repeats in step with it.
    private static let period = 262_139
    private static let table: [UInt8] = {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return (0..<period).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }()

    static func bytes(_ count: Int, at offset: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let start = (offset + bytes.count) % period
            bytes += table[start..<min(period, start + count - bytes.count)]
        }
        return bytes
    }

    static func matches(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
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

/// Chance that is the same in every run.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Expects that bytes are alike; says where they are not, without showing all of them.
func expectSame(_ bytes: [UInt8], _ expected: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    if bytes == expected { return }
    let place = zip(bytes, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    let what = place.map { "byte \($0) is \(bytes[$0]), not \(expected[$0])" } ?? "one is the beginning of the other"
    Issue.record("\(bytes.count) bytes, \(expected.count) expected: \(what)", sourceLocation: sourceLocation)
}
