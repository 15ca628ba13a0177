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

        @Test(.enabled(if: expected != nil, "io_uring is not denied on purpose"))
        func denial_isToldWithItsRemedy_andLeavesTheSelectors() throws {
            let denials: [String: (Errno, String)] = [
                "EPERM": (.notPermitted, "seccomp"), "ENOSYS": (.noFunction, "gVisor"),
            ]
            let (errno, remedy) = try #require(denials[Self.expected ?? ""])
            let error = try #require(throws: EventLoopError.self) { try ProactorEventLoop() }
            #expect(error.code == .system)
            #expect(error.operation == "io_uring_setup")
            #expect(error.errno == errno)
            #expect(error.description.contains(remedy), "\(error)")
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
