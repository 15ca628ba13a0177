import Glibc
import Kernel
import TestSupport
import Testing
import Uring

@Suite("The self-test")
struct SelfTestTests {
    @Test(.needsRing) func selfTest_passes_andIsShort() throws {
        try SelfTest.run()
        let times = try (0..<5).map { _ in
            let start = MonotonicClock.now()
            try SelfTest.run()
            return MonotonicClock.now() - start
        }
        #expect(try #require(times.min()) < 5_000_000)
    }

    /// Runs in a separate process, because concurrent tests open descriptors, too.
    @Test(.needsRing) func ringsAndSelfTests_leakNoDescriptor() async {
        await #expect(processExitsWith: .success) {
            try SelfTest.run()
            let before = openDescriptors()
            for _ in 0..<50 { try SelfTest.run() }
            for _ in 0..<50 {
                let harness = try RingHarness()
                let buffers = try BufferRing(ring: harness.ring, group: 0, count: 8, size: 4096)
                harness.nop(1)
                try harness.wait(for: 1)
                buffers.unregister()
            }
            #expect(openDescriptors() == before)
        }
    }

    #if DEBUG
        @Test(.needsRing) func selfTest_onAnIncompleteKernel_namesTheStep() {
            var configuration = RingConfiguration(entries: 16, completionEntries: 64)
            configuration.pretence.missingOperations = [.receiveMultishot]
            let error = #expect(throws: RingError.self) { try SelfTest.run(configuration) }
            #expect(error?.operation == "self-test: IORING_OP_RECV (multishot)")
            #expect(error?.remedy.contains("Linux 6.1") == true)
        }
    #endif

    @Test(arguments: [EPERM, ENOSYS])
    func errorOfASandbox_namesTheCallAndTheRemedy(number: Int32) {
        let error = RingError(operation: "io_uring_setup", errno: Errno(rawValue: number))
        #expect(error.description.hasPrefix("io_uring_setup: "))
        #expect(error.remedy.contains(number == EPERM ? "kernel.io_uring_disabled" : "Linux 6.1"))
        #expect(error.remedy.contains("seccomp"))
    }

    @Test(arguments: [
        (ENOMEM, "RLIMIT_MEMLOCK"), (EMFILE, "ulimit -n"), (EEXIST, "thread"), (EBADR, "dropped"), (EBADF, "closed"),
        (EBADFD, "enable()"), (EACCES, "policy"), (ETIMEDOUT, "never completed"),
    ])
    func remedy_matchesTheError(number: Int32, word: String) {
        #expect(RingError(operation: "io_uring_enter", errno: Errno(rawValue: number)).remedy.contains(word))
    }
}

/// The open rings and sockets of this process.
///
/// Other descriptors belong to the runtime, which opens and closes them at any time.
private func openDescriptors() -> [String] {
    let names = (0..<1024).map { descriptor in
        var name = [UInt8](repeating: 0, count: 256)
        let count = name.withUnsafeMutableBytes { bytes in
            readlink("/proc/self/fd/\(descriptor)", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return "\(descriptor) \(String(decoding: name.prefix(max(count, 0)), as: UTF8.self))"
    }
    return names.filter { $0.contains("io_uring") || $0.contains("socket") }
}
