// swift-tools-version: 6.2
import PackageDescription

/// The same dialect as the library itself, so that code can be moved between the two.
let dialect: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A package of its own, so that nobody who uses the library ever fetches or builds its rivals.
let package = Package(
    name: "swift-proactor-benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2")
    ],
    targets: [
        .target(name: "PeerSupport", path: "Peers/swift-support", swiftSettings: dialect),
        .executableTarget(
            name: "NIOEcho",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                "PeerSupport",
            ],
            path: "Peers/nio",
            swiftSettings: dialect
        ),
        .executableTarget(
            name: "NIOAsyncEcho",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                "PeerSupport",
            ],
            path: "Peers/nio-async",
            swiftSettings: dialect
        ),
    ]
)
