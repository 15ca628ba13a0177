import Glibc
internal import Pinning

/// A thread that is pinned to a core.
package struct CoreThread {
    private final class Body {
        let run: () -> Void

        init(_ run: @escaping () -> Void) {
            self.run = run
        }
    }

    private let thread: pthread_t

    package init(core: Int, _ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(
            Body {
                pinToCore(core)
                run()
            })
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard failure == 0 else { fail("pthread_create: \(failure)") }
        self.thread = thread
    }

    package func join() {
        pthread_join(thread, nil)
    }
}

/// Pins the calling thread to one of the process's cores, counted from zero.
package func pinToCore(_ index: Int) {
    pin_to_core(Int32(index))
}
