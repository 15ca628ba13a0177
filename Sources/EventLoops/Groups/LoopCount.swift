internal import Kernel

/// How many loops a group has.
///
///     try EventLoopGroup(loops: 4)
///     try EventLoopGroup(loops: .perCore)
public struct LoopCount: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    private let number: Int?

    private init(number: Int?) {
        self.number = number
    }

    /// This number of loops, at least one.
    public init(integerLiteral value: Int) {
        number = value
    }

    /// One loop for each processor that this process may use, as limited by `taskset(1)` and containers.
    ///
    /// Kernel: `sched_getaffinity(2)`.
    public static let perCore = LoopCount(number: nil)

    /// A number of loops.
    ///
    /// - Parameter number: At least one.
    public static func exactly(_ number: Int) -> LoopCount {
        LoopCount(number: number)
    }

    /// The number of loops.
    public var count: Int {
        number ?? ThreadAffinity.usableProcessors
    }

    /// The number, or "one per core".
    public var description: String {
        number.map { "\($0)" } ?? "one per core"
    }
}
