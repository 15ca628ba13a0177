import CLinux
import Glibc
import Testing

@testable import Kernel

/// Signals belong to the whole process, so each test has one of its own.
struct SignalTests {
    @Test func caughtSignal_setsItsBit_andWakes() async {
        await #expect(processExitsWith: .success) {
            let event = try EventDescriptor()
            let mask: UInt64 = 1 << (SIGUSR1 - 1) | 1 << (SIGUSR2 - 1)
            #expect(cl_signal_catch(SIGUSR1, event.fd) == 0)
            #expect(cl_signal_catch(SIGUSR2, event.fd) == 0)
            #expect(cl_signal_pending(mask) == 0)
            errno = 4711
            deliver(SIGUSR1)
            #expect(errno == 4711)
            deliver(SIGUSR1)
            deliver(SIGUSR2)
            var count: UInt64 = 0
            #expect(read(event.fd, &count, 8) == 8)
            #expect(count == 3)
            #expect(cl_signal_pending(~0) == mask)
            #expect(cl_signal_take(1 << (SIGUSR2 - 1)) == 1 << (SIGUSR2 - 1))
            #expect(cl_signal_take(mask) == 1 << (SIGUSR1 - 1), "taken only once, the other stays")
            #expect(cl_signal_take(mask) == 0)
        }
    }

    @Test func releasedSignal_hasTheDispositionOfBefore() async {
        await #expect(processExitsWith: .success) {
            signal(SIGUSR1, SIG_IGN)
            let event = try EventDescriptor()
            #expect(cl_signal_catch(SIGUSR1, event.fd) == 0)
            #expect(cl_signal_catch(SIGUSR1, event.fd) == 0, "the former is still theirs, not ours")
            #expect(cl_signal_release(SIGUSR1) == 0)
            deliver(SIGUSR1)
            #expect(cl_signal_pending(~0) == 0)
            #expect(cl_signal_release(SIGUSR1) == EINVAL)
        }
        await #expect(processExitsWith: .signal(SIGUSR2)) {
            let event = try EventDescriptor()
            _ = cl_signal_catch(SIGUSR2, event.fd)
            deliver(SIGUSR2)
            _ = cl_signal_release(SIGUSR2)
            deliver(SIGUSR2)
        }
    }

    @Test func catchingAgain_wakesTheOther() async {
        await #expect(processExitsWith: .success) {
            let (first, second) = (try EventDescriptor(), try EventDescriptor())
            #expect(cl_signal_catch(SIGUSR1, first.fd) == 0)
            #expect(cl_signal_catch(SIGUSR1, second.fd) == 0)
            deliver(SIGUSR1)
            var count: UInt64 = 0
            #expect(read(first.fd, &count, 8) == -1)
            #expect(read(second.fd, &count, 8) == 8)
        }
    }

    @Test(arguments: [SIGKILL, SIGSTOP, 0, -1, 65, 32, 33])
    func signalThatCannotBeCaught_isInvalid(number: Int32) {
        #expect(cl_signal_catch(number, -1) == EINVAL)
        #expect(cl_signal_release(number) == EINVAL)
    }

    @Test func lastSignal_hasTheLastBit() async {
        await #expect(processExitsWith: .success) {
            #expect(cl_signal_catch(64, -1) == 0, "without anybody to wake")
            deliver(64)
            #expect(cl_signal_take(~0) == 1 << 63)
        }
    }

    @Test func interruptedRead_goesOn() async {
        await #expect(processExitsWith: .success) {
            let (event, wake) = (try EventDescriptor(nonblocking: false), try EventDescriptor())
            #expect(cl_signal_catch(SIGALRM, wake.fd) == 0)
            alarm(1)
            let reader = Task.detached { try event.drain() }
            wake.waitUntilReadable()
            event.signal()
            try await reader.value
            #expect(cl_signal_take(~0) == 1 << (SIGALRM - 1))
        }
    }

    @Test func brokenPipe_isAnError_onceSIGPIPEIsIgnored() async {
        await #expect(processExitsWith: .success) {
            cl_ignore_sigpipe()
            let (one, other) = try SocketCalls.pair()
            close(other)
            #expect(write(one, "x", 1) == -1)
        }
        await #expect(processExitsWith: .success) {
            let event = try EventDescriptor()
            #expect(cl_signal_catch(SIGPIPE, event.fd) == 0)
            cl_ignore_sigpipe()
            deliver(SIGPIPE)
            #expect(cl_signal_take(~0) == 1 << (SIGPIPE - 1), "the program's own handler stays")
        }
    }

    @Test func thread_hasANumberAndAName() async {
        await #expect(processExitsWith: .success) {
            #expect(cl_thread_self() == cl_thread_self())
            cl_thread_set_name("a name that is too long")
            let file = open("/proc/thread-self/comm", O_RDONLY)
            var name = [UInt8](repeating: 0, count: 64)
            let count = read(file, &name, name.count)
            #expect(String(decoding: name.prefix(count), as: UTF8.self) == "a name that is \n")
        }
    }
}

/// Sends a signal to this very thread, and returns after the handler.
///
/// Swift's tasks run on threads of Dispatch, which block signals: those that come in otherwise go to the main thread.
private func deliver(_ signal: Int32) {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(signal)
}

extension EventDescriptor {
    fileprivate func waitUntilReadable() {
        var wait = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        while poll(&wait, 1, 10_000) == -1 {}
    }
}
