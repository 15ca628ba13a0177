import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Checks which kinds of loop run: without these tests, a run that leaves one out could not fail.
    @Suite struct Kinds {
        /// The denial that the launcher `deny-io-uring` has announced to this process.
        private static let expected = getenv("PROACTOR_EXPECT_DENIAL").map { String(cString: $0) }
        /// Each error with which the kernel may refuse a ring, and the remedy that the message must name.
        private static let denials: [String: (errno: Errno, remedy: String)] = [
            "EPERM": (.notPermitted, "seccomp"), "ENOSYS": (.noFunction, "gVisor"),
            "ENOMEM": (.noMemory, "RLIMIT_MEMLOCK"), "EACCES": (.permissionDenied, "policy"),
        ]

        /// Only a deliberate denial is announced to this process; limits and sandboxes deny io_uring silently.
        @Test(.enabled(if: expected != nil || RingDenial.errno != nil, "io_uring is not denied here"))
        func denial_isReportedWithItsRemedy_andLeavesTheSelectors() throws {
            let error = try #require(throws: EventLoopError.self) { try ProactorEventLoop() }
            let found = Self.denials.first { $0.value.errno == error.errno }
            let denial = try #require(found, "an error that is no denial: \(error)")
            if let expected = Self.expected { #expect(denial.key == expected) }
            #expect(error.code == .system)
            #expect(error.operation == "io_uring_setup")
            #expect(error.description.contains(denial.value.remedy), "\(error)")
            #expect(LoopKind.allCases == [.epoll, .poll, .select])
            #expect(LoopKind.onRing.isEmpty)
        }

        @Test(.enabled(if: RingDenial.errno == nil, "io_uring is denied here"))
        func everyKindOfLoop_isTested_whereNothingIsDenied() {
            #expect(Self.expected == nil, "the launcher denies nothing")
            #expect(LoopKind.allCases == [.proactor, .epoll, .poll, .select])
            #expect(LoopKind.onRing == [.proactor])
        }
    }
}
