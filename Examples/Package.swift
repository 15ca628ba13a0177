// swift-tools-version: 6.2
import PackageDescription

/// Async functions run on the executor of their caller, so tasks of a loop may pass them state without a lock.
let settings: [SwiftSetting] = [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

func example(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .executableTarget(
        name: name, dependencies: [.product(name: "Proactor", package: "swift-proactor")] + dependencies,
        swiftSettings: settings)
}

let package = Package(
    name: "Examples",
    dependencies: [.package(name: "swift-proactor", path: "..")],
    targets: [
        // In the order in which to read them.
        example("Reference"),
        example("Timer"),
        example("EchoServer"),
        example("UnixEcho"),
        example("Chat"),
        example("TCPProxy"),
        example("HandOver"),
        example("MultiCoreEcho"),
        example("HTTPServer", "CLLHTTP"),
        .target(name: "CLLHTTP", exclude: ["LICENSE", "README.md"]),

        // The tests start the programs as a shell does; the dependency makes sure that they are built.
        .testTarget(
            name: "ExampleTests",
            dependencies: [
                "Reference", "Timer", "EchoServer", "UnixEcho", "Chat", "TCPProxy", "HandOver", "MultiCoreEcho",
                "HTTPServer",
            ],
            swiftSettings: settings),
    ]
)
