import Glibc
import Testing

@testable import Kernel

struct ErrnoTests {
    @Test(arguments: [
        (Errno.connectionRefused, "ECONNREFUSED"), (.tooManyOpenFiles, "EMFILE"),
        (.tooManyOpenFilesInSystem, "ENFILE"),
        (.canceled, "ECANCELED"), (.timerExpired, "ETIME"), (.badFileDescriptorState, "EBADFD"),
        (.noFunction, "ENOSYS"),
        (.alreadyInProcess, "EALREADY"), (.nowInProgress, "EINPROGRESS"), (.notSupported, "EOPNOTSUPP"),
        (.resourceTemporarilyUnavailable, "EAGAIN"), (.wouldBlock, "EAGAIN"), (.deadlock, "EDEADLK"),
    ])
    func name_isThatOfErrnoH(errno: Errno, name: String) {
        #expect(errno.name == name)
    }

    @Test func description_hasNameAndMessage() {
        #expect(Errno.connectionRefused.description == "ECONNREFUSED (Connection refused)")
        #expect(Errno.brokenPipe.message == "Broken pipe")
    }

    @Test func unknownNumber_isDescribedByItsValue() {
        let unknown = Errno(rawValue: 4711)
        #expect(unknown.name == "errno 4711")
        #expect(unknown.message == "Unknown error 4711")
    }

    @Test func table_namesEveryLinuxErrno() {
        // 133 numbers: 41 and 58 were never assigned.
        for number in Int32(1)...133 where number != 41 && number != 58 {
            #expect(Errno(rawValue: number).name.hasPrefix("E"), "\(number)")
        }
    }

    @Test func constant_matchesInACatchClause() {
        do throws(Errno) {
            try SystemCall.nothing { close(-1) }
            Issue.record("-1 was closed")
        } catch .badFileDescriptor {
        } catch {
            Issue.record(error)
        }
    }
}
