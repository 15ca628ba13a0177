// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Examples",
    dependencies: [.package(name: "swift-proactor", path: "..")],
    targets: [
        .executableTarget(name: "EchoServer", dependencies: [.product(name: "Proactor", package: "swift-proactor")])
    ]
)
