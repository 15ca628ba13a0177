/// The modules, and the modules that each may import: only modules below it, and only those that it needs.
///
/// `Uring` and `EventLoops` do not import each other; the loops import both.
enum Modules {
    static let imports: [String: Set<String>] = [
        "CLinux": [],
        "CUring": [],
        "Kernel": ["CLinux"],
        "Uring": ["CUring", "Kernel"],
        "Polling": ["CLinux", "Kernel"],
        "EventLoops": ["CLinux", "Kernel"],
        "ProactorLoop": ["EventLoops", "Uring", "Kernel"],
        "SelectorLoop": ["EventLoops", "Polling", "Kernel"],
        "ProactorTesting": ["EventLoops", "Kernel"],
        // The package swift-log, by its names in code and in the manifest.
        "ProactorLogging": ["EventLoops", "Logging", "swiftLog"],
        "TestSupport": ["ProactorTesting", "EventLoops", "Uring", "Kernel"],
        "Proactor": ["ProactorLoop", "SelectorLoop", "EventLoops", "Uring", "Kernel", "CUring", "CLinux"],
    ]

    /// What every module may also import: the C library and Swift's own modules, never Foundation or Dispatch.
    static let system: Set = ["Glibc", "Synchronization", "_Concurrency"]
}
