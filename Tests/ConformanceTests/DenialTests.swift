import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Which kinds of loop are shown at all: without this, a run that leaves one out could not fail.
    @Suite struct Kinds {
        /// What the launcher `deny-io-uring` says that it does to this process.
        private static let expected = getenv("PROACTOR_EXPECT_DENIAL").map { String(cString: $0) }
        /// What a kernel may answer instead of making a ring, and what must be said to whoever runs the program.
        private static let denials: [String: (errno: Errno, remedy: String)] = [
            "EPERM": (.notPermitted, "seccomp"), "ENOSYS": (.noFunction, "gVisor"),
            "ENOMEM": (.noMemory, "RLIMIT_MEMLOCK"), "EACCES": (.permissionDenied, "policy"),
        ]

        /// Whoever denies it on purpose says so; limits and sandboxes do not.
        @Test(.enabled(if: expected != nil || RingDenial.errno != nil, "io_uring is not denied here"))
        func denial_isToldWithItsRemedy_andLeavesTheSelectors() throws {
            let error = try #require(throws: EventLoopError.self) { try ProactorEventLoop() }
            let found = Self.denials.first { $0.value.errno == error.errno }
            let denial = try #require(found, "an answer that is no denial: \(error)")
            if let expected = Self.expected { #expect(denial.key == expected) }
            #expect(error.code == .system)
            #expect(error.operation == "io_uring_setup")
            #expect(error.description.contains(denial.value.remedy), "\(error)")
            #expect(LoopKind.allCases == [.epoll, .poll, .select])
            #expect(LoopKind.withFaults.isEmpty)
        }

        @Test(.enabled(if: RingDenial.errno == nil, "io_uring is denied here"))
        func everyKind_isShown_whereNothingIsDenied() {
            #expect(Self.expected == nil, "the launcher denies nothing")
            #expect(LoopKind.allCases == [.proactor, .epoll, .poll, .select])
            #expect(LoopKind.withFaults == [.proactor])
        }
    }
}
