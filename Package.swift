// swift-tools-version: 6.2
import PackageDescription

/// All targets use the same dialect: explicit existentials, no leaking imports, async code that stays with its
/// caller.
let dialect: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Fetched only if the trait is enabled.
let swiftLog: Target.Dependency = .product(
    name: "Logging", package: "swift-log", condition: .when(traits: ["Logging"]))

let package = Package(
    name: "swift-proactor",
    products: [
        .library(name: "Proactor", targets: ["Proactor"]),
        .library(name: "ProactorTesting", targets: ["ProactorTesting"]),
        .library(name: "ProactorLogging", targets: ["ProactorLogging"]),
    ],
    traits: [.trait(name: "Logging", description: "ProactorLogging: the log of the library goes to swift-log.")],
    dependencies: [.package(url: "https://github.com/apple/swift-log.git", from: "1.6.0")],
    targets: [
        // Layer 0: the only C.
        .target(name: "CLinux"),
        .target(name: "CUring", linkerSettings: [.linkedLibrary("uring")]),
        // Layer 1: one kernel object per file.
        .target(name: "Kernel", dependencies: ["CLinux"], swiftSettings: dialect),
        // Layer 2: the ring, and the pollers.
        .target(name: "Uring", dependencies: ["CUring", "Kernel"], swiftSettings: dialect),
        .target(name: "Polling", dependencies: ["CLinux", "Kernel"], swiftSettings: dialect),
        // Layer 3: the contract, and everything that is the same on a ring and on a selector.
        .target(name: "EventLoops", dependencies: ["CLinux", "Kernel"], swiftSettings: dialect),
        // Layer 4: the loops.
        .target(name: "ProactorLoop", dependencies: ["EventLoops", "Uring", "Kernel"], swiftSettings: dialect),
        .target(name: "SelectorLoop", dependencies: ["EventLoops", "Polling", "Kernel"], swiftSettings: dialect),
        .target(name: "ProactorTesting", dependencies: ["EventLoops"], swiftSettings: dialect),
        .target(name: "ProactorLogging", dependencies: ["EventLoops", swiftLog], swiftSettings: dialect),
        // Layer 5: the module that users import.
        .target(
            name: "Proactor", dependencies: ["ProactorLoop", "SelectorLoop", "EventLoops", "Kernel"],
            swiftSettings: dialect
        ),

        // What several test targets use, and a program under which they run.
        .target(
            name: "TestSupport", dependencies: ["ProactorTesting", "EventLoops", "Uring", "Kernel"],
            path: "Tests/TestSupport",
            swiftSettings: dialect),
        .executableTarget(name: "deny-io-uring", path: "Tests/Launchers/deny-io-uring"),

        .testTarget(name: "KernelTests", dependencies: ["TestSupport", "Kernel"], swiftSettings: dialect),
        .testTarget(name: "UringTests", dependencies: ["TestSupport", "Uring", "Kernel"], swiftSettings: dialect),
        .testTarget(name: "PollingTests", dependencies: ["TestSupport", "Polling", "Kernel"], swiftSettings: dialect),
        .testTarget(
            name: "EventLoopsTests", dependencies: ["TestSupport", "EventLoops", "Kernel", "CLinux"],
            swiftSettings: dialect),
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "TestSupport", "Proactor", "ProactorTesting", "EventLoops", "ProactorLoop", "SelectorLoop", "Uring",
                "Kernel",
            ],
            swiftSettings: dialect
        ),
        .testTarget(
            name: "ProactorLoopTests",
            dependencies: [
                "TestSupport", "Proactor", "ProactorTesting", "EventLoops", "ProactorLoop", "Uring", "Kernel",
            ],
            swiftSettings: dialect
        ),
        .testTarget(
            name: "SelectorLoopTests",
            dependencies: ["TestSupport", "Proactor", "SelectorLoop", "Polling", "EventLoops", "Kernel"],
            swiftSettings: dialect
        ),
        .testTarget(name: "TidyTests", swiftSettings: dialect),
    ]
)
