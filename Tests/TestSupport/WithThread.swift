internal import Glibc

/// Runs `other` on a thread of its own while `body` runs here, and waits for both.
package func withThread(_ other: @escaping () -> Void, _ body: () throws -> Void = {}) rethrows {
    let work = Unmanaged.passRetained(ThreadWork(other))
    var thread = pthread_t()
    let start: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        Unmanaged<ThreadWork>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
    }
    precondition(pthread_create(&thread, nil, start, work.toOpaque()) == 0, "cannot start a thread for a test")
    defer { pthread_join(thread, nil) }
    try body()
}

private final class ThreadWork {
    let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
    }
}
