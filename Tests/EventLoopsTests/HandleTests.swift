import EventLoops
import Testing

@_silgen_name("malloc_usable_size") private func usableSize(_ memory: UnsafeMutableRawPointer) -> Int

@Suite struct HandleTests {
    /// The place of debug mode has room in it: callbacks are the most common of all things a loop makes.
    ///
    /// The allocator may give one of them a larger piece that lay about, so the least of many tells.
    @Test func handle_hasFortyBytes() {
        let handles = (0..<64).map { _ in Handle {} }
        let sizes = handles.map { usableSize(Unmanaged.passUnretained($0).toOpaque()) }
        #expect(sizes.contains { $0 <= 40 })
    }

    @Test func handle_keepsItsPlace_whateverBecomesOfIt() throws {
        let place = SourcePlace("App/Main.swift", 7)
        let handle = Handle(at: place) {}
        #expect(handle.sourcePlace === place)
        #expect(handle.description == "<Handle created at App/Main.swift:7>")
        try handle.run()
        handle.cancel()
        #expect(handle.sourcePlace === place)
        #expect(handle.description == "<Handle cancelled created at App/Main.swift:7>")
    }

    /// What a callback holds may, as it goes, cancel the handle that is letting go of it.
    @Test func lettingGo_bearsCancelling_byWhatTheCallbackHolds() {
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
