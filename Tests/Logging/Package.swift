// swift-tools-version: 6.2
import PackageDescription

// A separate package, because that is how users of the trait depend on the library, and so that others fetch nothing.
let package = Package(
    name: "LoggingTests",
    dependencies: [
        .package(name: "swift-proactor", path: "../..", traits: ["Logging"]),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    ],
    targets: [
        .testTarget(
            name: "ProactorLoggingTests",
            dependencies: [
                .product(name: "Proactor", package: "swift-proactor"),
                .product(name: "ProactorLogging", package: "swift-proactor"),
                .product(name: "Logging", package: "swift-log"),
            ])
    ]
)
