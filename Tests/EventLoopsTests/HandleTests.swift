import EventLoops
import Testing

@_silgen_name("malloc_usable_size") private func usableSize(_ memory: UnsafeMutableRawPointer) -> Int

@Suite struct HandleTests {
    /// Debug mode's field fits into the padding: callbacks are the most frequent allocations of a loop.
    ///
    /// The allocator may return a larger free block for some of them, so the test takes the smallest of many.
    @Test func handle_takesFortyBytes() {
        let handles = (0..<64).map { _ in Handle {} }
        let sizes = handles.map { usableSize(Unmanaged.passUnretained($0).toOpaque()) }
        #expect(sizes.contains { $0 <= 40 })
    }

    @Test func handle_keepsItsSourceLocation_inEveryState() throws {
        let place = SourcePlace("App/Main.swift", 7)
        let handle = Handle(at: place) {}
        #expect(handle.sourcePlace === place)
        #expect(handle.description == "<Handle created at App/Main.swift:7>")
        try handle.run()
        handle.cancel()
        #expect(handle.sourcePlace === place)
        #expect(handle.description == "<Handle cancelled created at App/Main.swift:7>")
    }

    /// What a callback captures may, in its deinit, cancel the handle that is releasing it.
    @Test func release_permitsCancellation_fromADeinitOfACapture() {
        final class Owner {
            var handle: Handle?
            deinit { handle?.cancel() }
        }
        for letsGo: (Handle) -> Void in [{ $0.cancel() }, { $0.forget() }] {
            let handle: Handle
            do {
                let owner = Owner()
                handle = Handle { withExtendedLifetime(owner) {} }
                owner.handle = handle
            }
            letsGo(handle)
            #expect(handle.isCancelled)
        }
    }
}
