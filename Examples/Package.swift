// swift-tools-version: 6.2
import PackageDescription

/// Async functions run on the executor of their caller, so tasks of a loop may pass them state without a lock.
let settings: [SwiftSetting] = [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

/// In the order in which to read them.
let programs = [
    "Reference",
    "Timer",
    "EchoServer",
    "TCPEchoClient",
    "UnixEcho",
    "UDPEchoServer",
    "UDPEchoClient",
    "Chat",
    "TCPProxy",
    "HandOver",
    "MultiCoreEcho",
    "HTTPServer",
    "RespServer",
]

/// What a program needs beside the library.
let dependencies: [String: [Target.Dependency]] = ["HTTPServer": ["CLLHTTP"], "RespServer": ["CMalloc"]]

let package = Package(
    name: "Examples",
    dependencies: [.package(name: "swift-proactor", path: "..")],
    targets: programs.map { name in
        .executableTarget(
            name: name,
            dependencies: [.product(name: "Proactor", package: "swift-proactor")] + dependencies[name, default: []],
            swiftSettings: settings)
    } + [
        .target(name: "CLLHTTP", exclude: ["LICENSE", "README.md"]),
        .systemLibrary(name: "CMalloc"),

        // The tests start the programs as a shell does; the dependencies make sure that they are built.
        .testTarget(
            name: "ExampleTests", dependencies: programs.map { .target(name: $0) }, swiftSettings: settings),
    ]
)
