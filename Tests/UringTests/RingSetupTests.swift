import Glibc
import Kernel
import TestSupport
import Testing
import Uring

@Suite("Ring setup")
struct RingSetupTests {
    @Test(.needsRing) func ring_hasTheRequestedSizes_andTheBestFlags() throws {
        let ring = try Ring(RingConfiguration(entries: 64, completionEntries: 256))
        #expect(ring.entries == 64)
        #expect(ring.completionEntries == 256)
        #expect(ring.fileDescriptor >= 0)
        #expect(OperationKind.allCases.allSatisfy(ring.features.supports))
        #expect(ring.features.description.contains("setup 0x"))
    }

    @Test(.needsRing) func invalidSizes_areAdjusted() throws {
        let ring = try Ring(RingConfiguration(entries: 64, completionEntries: 1))
        #expect(ring.completionEntries >= ring.entries)
        let smallest = try Ring(RingConfiguration(entries: 0, completionEntries: 0))
        #expect(smallest.entries >= 1)
    }

    @Test(.needsRing) func close_isIdempotent_andReleasesTheRing() throws {
        let harness = try RingHarness()
        harness.ring.close()
        harness.ring.close()
        #expect(harness.ring.isClosed)
        #expect(harness.ring.fileDescriptor == -1)
        #expect(harness.ring.dispatch() == 0)
        let error = #expect(throws: RingError.self) { try harness.ring.enter(.forever) }
        #expect(error?.errno.rawValue == EBADF)
    }

    @Test(.needsRing) func ringsBeyondTheRegistrationLimit_workUnregistered() throws {
        // A thread can register sixteen rings.
        let harnesses = try (0..<20).map { _ in try RingHarness(RingConfiguration(entries: 4, completionEntries: 8)) }
        for harness in harnesses {
            harness.nop(1)
            try harness.wait(for: 1)
        }
        for harness in harnesses.reversed() { harness.ring.close() }
    }

    /// Uses the real limit as an unprivileged user, because root's capabilities lift it.
    @Test(.needsRing, .enabled(if: geteuid() == 0)) func lowMemlockLimit_givesSmallerRings_orAClearError() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 64 << 10, rlim_max: 64 << 10)
            let memlock: Int32 = 8  // RLIMIT_MEMLOCK, which Swift does not import
            try #require(setrlimit(memlock, &limit) == 0)
            try #require(setuid(65534) == 0)
            let harness = try RingHarness(RingConfiguration(entries: 512, completionEntries: 8192))
            harness.nop(1)
            try harness.wait(for: 1)
            _ = try BufferRing(ring: harness.ring, group: 0, count: 8192, size: 64)
            do {
                var rings: [Ring] = []
                for _ in 0..<200 { rings.append(try Ring()) }
            } catch let error as RingError {
                guard error.errno.rawValue == ENOMEM, error.remedy.contains("RLIMIT_MEMLOCK") else { exit(1) }
            }
        }
    }

    #if DEBUG
        @Test(
            .needsRing,
            arguments: [(1 << 13, "cooperative"), (1 << 13 | 1 << 8, "plain"), (1 << 13 | 1 << 8 | 1 << 7, "oldest")])
        func olderKernel_getsFewerSetupFlags(unknown: Int, rung: String) throws {
            var configuration = RingConfiguration(entries: 8, completionEntries: 8)
            configuration.pretence.unknownSetupFlags = UInt32(unknown)
            let harness = try RingHarness(configuration)
            #expect(!harness.ring.features.deferTaskrun)
            #expect(!harness.ring.features.singleIssuer)
            #expect(harness.ring.features.cooperativeTaskrun == (rung == "cooperative"))
            #expect(harness.ring.features.submitsAll == (rung != "oldest"))
            for tag in 0..<100 { harness.nop(UInt64(tag)) }
            #expect(try harness.wait(for: 100).map(\.tag) == Array(0..<100))
        }

        @Test func kernelWithoutAnySupportedFlags_isAnError() {
            var configuration = RingConfiguration()
            configuration.pretence.unknownSetupFlags = .max
            let error = #expect(throws: RingError.self) { try Ring(configuration) }
            #expect(error?.errno.rawValue == EINVAL)
            #expect(error?.remedy.contains("6.1") == true)
        }

        @Test(.needsRing) func shortMemory_halvesTheSizes_downToAMinimum() throws {
            var configuration = RingConfiguration(entries: 512, completionEntries: 4096)
            configuration.pretence.mostCompletions = 300
            let ring = try Ring(configuration)
            #expect(ring.completionEntries == 256)
            #expect(ring.entries == 32)
            configuration.pretence.mostCompletions = 10
            let error = #expect(throws: RingError.self) { try Ring(configuration) }
            #expect(error?.errno.rawValue == ENOMEM)
            #expect(error?.remedy.contains("RLIMIT_MEMLOCK") == true)
        }

        @Test(arguments: [EPERM, ENOSYS, EACCES, EMFILE, ENFILE])
        func refusal_isNotRetried_andNamesTheRemedy(number: Int32) {
            var configuration = RingConfiguration()
            configuration.pretence.refusal = Errno(rawValue: number)
            let error = #expect(throws: RingError.self) { try Ring(configuration) }
            #expect(error?.operation == "io_uring_setup")
            #expect(error?.errno.rawValue == number)
            #expect(error?.remedy.contains("No remedy") == false)
        }

        @Test(.needsRing, arguments: [1, 2, 5, 8, 11])
        func kernelWithoutARequiredFeature_isAnError_thatNamesIt(bit: Int) {
            var configuration = RingConfiguration()
            configuration.pretence.missingFeatures = 1 << UInt32(bit)
            let error = #expect(throws: RingError.self) { try Ring(configuration) }
            #expect(error?.errno.rawValue == ENOSYS)
            #expect(error?.operation.hasPrefix("io_uring_setup without ") == true)
            #expect(error?.remedy.contains("Linux 6.1 or later") == true)
        }

        @Test(.needsRing) func deniedOperations_areReportedAsUnsupported() throws {
            var configuration = RingConfiguration(entries: 8, completionEntries: 8)
            configuration.pretence.missingOperations = [.receiveMultishot, .poll]
            let features = try Ring(configuration).features
            #expect(!features.supports(.receiveMultishot))
            #expect(features.supports(.receive))
            #expect(!features.supports(.poll))
            #expect(features.description.contains("IORING_OP_RECV (multishot)"))
        }
    #endif
}
