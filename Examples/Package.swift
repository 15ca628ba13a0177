// swift-tools-version: 6.2
import PackageDescription

/// Async functions stay with their caller: so tasks of a loop may call them with state that they share without a lock.
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
        example("Chat"),
        example("HTTPServer", "CHTTPParser"),
        .systemLibrary(name: "CHTTPParser", providers: [.apt(["libhttp-parser-dev"])]),

        // Starts the programs as a shell does: they must be built, but are not called.
        .testTarget(
            name: "ExampleTests", dependencies: ["Reference", "Timer", "EchoServer", "Chat", "HTTPServer"],
            swiftSettings: settings),
    ]
)
