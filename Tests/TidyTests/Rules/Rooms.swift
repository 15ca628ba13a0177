/// The rooms of the house and what each may import: the rooms below it, and of those only what it needs.
///
/// `Uring` and `EventLoops` do not know one another; the loops bring them together.
enum Rooms {
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
        "TestSupport": ["EventLoops", "Uring", "Kernel"],
        "Proactor": ["ProactorLoop", "SelectorLoop", "EventLoops", "Uring", "Kernel", "CUring", "CLinux"],
    ]

    /// What every room may import besides: the C library and the language's own, never Foundation or Dispatch.
    static let system: Set = ["Glibc", "Synchronization", "_Concurrency"]
}
