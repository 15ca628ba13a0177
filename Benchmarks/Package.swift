// swift-tools-version: 6.2
import PackageDescription

/// The library's own dialect, so that code can move between the two.
let dialect: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

/// A separate package, so that users of the library never fetch or build the libraries it is compared with.
let package = Package(
    name: "swift-proactor-benchmarks",
    dependencies: [
        .package(name: "swift-proactor", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // Echo servers; our own is one of the examples.
        .target(name: "PeerSupport", path: "Peers/swift-support", swiftSettings: dialect),
        .executableTarget(
            name: "NIOEcho", dependencies: nio + ["PeerSupport"], path: "Peers/nio", swiftSettings: dialect),
        .executableTarget(
            name: "NIOAsyncEcho", dependencies: nio + ["PeerSupport"], path: "Peers/nio-async", swiftSettings: dialect),

        .executableTarget(
            name: "NIODatagramEcho", dependencies: nio + ["PeerSupport"], path: "Peers/nio-udp",
            swiftSettings: dialect),

        // The primitives of a loop.
        .target(name: "Pinning", path: "Primitives/pinning"),
        .target(
            name: "PrimitiveSupport", dependencies: ["Pinning"], path: "Primitives/swift-support",
            swiftSettings: dialect),
        .executableTarget(
            name: "NIOPrimitives", dependencies: nio + ["PrimitiveSupport"], path: "Primitives/nio",
            swiftSettings: dialect),
        .executableTarget(
            name: "ProactorPrimitives",
            dependencies: [.product(name: "Proactor", package: "swift-proactor"), "PrimitiveSupport"],
            path: "Primitives/ours", swiftSettings: dialect),
    ]
)
