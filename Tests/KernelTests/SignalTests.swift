import CLinux
import Glibc
import TestSupport
import Testing

@testable import Kernel

/// Signals belong to the whole process, so each test runs in a process of its own.
struct SignalTests {
    @Test func watchedSignal_setsItsBit_andWakesTheWatcher() async {
        await #expect(processExitsWith: .success) {
            let event = try EventDescriptor()
            let watcher = cl_signal_watcher_begin(event.fd)
            #expect(cl_signal_watch(watcher, SIGUSR1, false) == 0)
            #expect(cl_signal_watch(watcher, SIGUSR2, false) == 0)
            #expect(cl_signal_pending(watcher) == 0)
            errno = 4711
            deliver(SIGUSR1)
            #expect(errno == 4711)
            deliver(SIGUSR1)
            deliver(SIGUSR2)
            var count: UInt64 = 0
            #expect(read(event.fd, &count, 8) == 8)
            #expect(count == 3)
            #expect(cl_signal_pending(watcher) == bits(SIGUSR1, SIGUSR2))
            #expect(cl_signal_take(watcher) == bits(SIGUSR1, SIGUSR2))
            #expect(cl_signal_take(watcher) == 0)
        }
    }

    @Test func signal_reachesEachWatcher_andIsRestoredByTheLast() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            let (first, second) = (try EventDescriptor(), try EventDescriptor())
            let (one, other) = (cl_signal_watcher_begin(first.fd), cl_signal_watcher_begin(second.fd))
            #expect(cl_signal_watch(one, SIGUSR1, false) == 0)
            #expect(cl_signal_watch(other, SIGUSR1, false) == 0)
            deliver(SIGUSR1)
            var count: UInt64 = 0
            #expect(read(first.fd, &count, 8) == 8)
            #expect(read(second.fd, &count, 8) == 8)
            #expect(cl_signal_take(one) == bits(SIGUSR1))
            cl_signal_watcher_end(one)
            deliver(SIGUSR1)
            #expect(read(first.fd, &count, 8) == -1, "a watcher that stopped is not woken")
            #expect(cl_signal_unwatch(other, SIGUSR1), "the bit was not consumed")
            #expect(!cl_signal_unwatch(other, SIGUSR1))
            deliver(SIGUSR1)
        }
    }

    @Test func reusedWatcher_hasNoPendingBits() async {
        await #expect(processExitsWith: .success) {
            let former = cl_signal_watcher_begin(-1)
            #expect(cl_signal_watch(former, SIGUSR1, false) == 0)
            deliver(SIGUSR1)
            cl_signal_watcher_end(former)
            let watcher = cl_signal_watcher_begin(-1)
            #expect(watcher == former)
            #expect(cl_signal_take(watcher) == 0)
            #expect(cl_signal_watch(watcher, SIGUSR2, false) == 0)
            #expect(cl_signal_is_default(SIGUSR1))
        }
    }

    @Test func releasedSignal_hasItsFormerDisposition() async {
        await #expect(processExitsWith: .success) {
            signal(SIGUSR1, SIG_IGN)
            let watcher = cl_signal_watcher_begin(-1)
            #expect(cl_signal_watch(watcher, SIGUSR1, false) == 0)
            #expect(cl_signal_watch(watcher, SIGUSR1, false) == 0, "the handler to restore is not the former one")
            #expect(!cl_signal_unwatch(watcher, SIGUSR1))
            deliver(SIGUSR1)
            #expect(cl_signal_pending(watcher) == 0)
            // A handler that the program installs while the signal is watched stays installed; it is not replaced by
            // the former one.
            #expect(cl_signal_watch(watcher, SIGUSR2, false) == 0)
            signal(SIGUSR2, SIG_IGN)
            #expect(!cl_signal_unwatch(watcher, SIGUSR2))
            deliver(SIGUSR2)
        }
    }

    @Test func signalWatchedOnce_endsTheProcess_onTheSecondDelivery() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            let (one, other) = (cl_signal_watcher_begin(-1), cl_signal_watcher_begin(-1))
            #expect(cl_signal_is_default(SIGUSR1))
            #expect(cl_signal_watch(one, SIGUSR1, true) == 0)
            #expect(cl_signal_is_default(SIGUSR1), "the signal does not have its default action")
            #expect(cl_signal_watch(other, SIGUSR1, false) == 0)
            #expect(!cl_signal_is_default(SIGUSR1))
            deliver(SIGUSR1)
            deliver(SIGUSR1)
            #expect(!cl_signal_unwatch(other, SIGUSR1), "the other watcher was notified, too")
            deliver(SIGUSR1)
            #expect(cl_signal_take(one) == bits(SIGUSR1))
            deliver(SIGUSR1)
        }
    }

    @Test func watchOnce_restoresTheDefaultAfterOneDelivery_andKeepsTheProgramsHandler() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            let watcher = cl_signal_watcher_begin(-1)
            for signal in [SIGUSR1, SIGUSR2] { #expect(cl_signal_watch(watcher, signal, false) == 0) }
            signal(SIGUSR2, SIG_IGN)
            for signal in [SIGUSR1, SIGUSR2] { cl_signal_watch_on_once(watcher, signal) }
            deliver(SIGUSR2)
            #expect(cl_signal_take(watcher) == 0)
            deliver(SIGUSR1)
            #expect(cl_signal_take(watcher) == bits(SIGUSR1))
            deliver(SIGUSR1)
        }
    }

    /// A one-shot handler (SA_RESETHAND) that has run leaves its flags behind.
    @Test func resetSignal_isDefault_whateverItsFlags() async {
        await #expect(processExitsWith: .success) {
            var action = sigaction()
            action.__sigaction_handler.sa_sigaction = { _, _, _ in }
            action.sa_flags = SA_SIGINFO | Int32(bitPattern: 0x8000_0000)
            #expect(sigaction(SIGUSR1, &action, nil) == 0)
            #expect(!cl_signal_is_default(SIGUSR1))
            deliver(SIGUSR1)
            #expect(cl_signal_is_default(SIGUSR1))
        }
    }

    @Test func forkedChild_hasTheFormerDispositions() async {
        await #expect(processExitsWith: .success) {
            let watcher = cl_signal_watcher_begin(-1)
            #expect(cl_signal_watch(watcher, SIGUSR1, false) == 0)
            let child = forkProcess()
            if child == 0 {
                deliver(SIGUSR1)
                _exit(0)
            }
            var status: Int32 = 0
            #expect(waitpid(child, &status, 0) == child)
            #expect(status & 0x7F == SIGUSR1, "the signal that ended the child")
            deliver(SIGUSR1)
            #expect(cl_signal_take(watcher) == bits(SIGUSR1), "the parent received nothing")
        }
    }

    @Test(arguments: [SIGKILL, SIGSTOP, 0, -1, 65, 32, 33])
    func watch_ofAnUncatchableSignal_isInvalid(number: Int32) {
        let watcher = cl_signal_watcher_begin(-1)
        defer { cl_signal_watcher_end(watcher) }
        #expect(cl_signal_watch(watcher, number, false) == EINVAL)
        #expect(!cl_signal_unwatch(watcher, number))
    }

    @Test func highestSignal_setsTheHighestBit() async {
        await #expect(processExitsWith: .success) {
            let watcher = cl_signal_watcher_begin(-1)
            #expect(
                cl_signal_watch(watcher, 64, false) == 0, "a signal without a wake-up descriptor could not be watched")
            deliver(64)
            #expect(cl_signal_take(watcher) == 1 << 63)
        }
    }

    @Test func interruptedRead_continues() async {
        await #expect(processExitsWith: .success) {
            let (event, wake) = (try EventDescriptor(nonblocking: false), try EventDescriptor())
            nonisolated(unsafe) let watcher = cl_signal_watcher_begin(wake.fd)
            #expect(cl_signal_watch(watcher, SIGALRM, false) == 0)
            alarm(1)
            let reader = Task.detached { try event.drain() }
            wake.waitUntilReadable()
            event.signal()
            try await reader.value
            #expect(cl_signal_take(watcher) == bits(SIGALRM))
        }
    }

    @Test func brokenPipe_isAnError_ifSIGPIPEIsIgnored() async {
        await #expect(processExitsWith: .success) {
            cl_ignore_sigpipe()
            let (one, other) = try SocketCalls.pair()
            close(other)
            #expect(write(one, "x", 1) == -1)
        }
        await #expect(processExitsWith: .success) {
            let watcher = cl_signal_watcher_begin(-1)
            #expect(cl_signal_watch(watcher, SIGPIPE, false) == 0)
            cl_ignore_sigpipe()
            deliver(SIGPIPE)
            #expect(cl_signal_take(watcher) == bits(SIGPIPE), "the program's own handler was replaced")
        }
    }

    @Test func thread_hasAnIdAndAName() async {
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

private func bits(_ signals: Int32...) -> UInt64 {
    signals.reduce(0) { $0 | 1 << UInt64($1 - 1) }
}

/// Sends a signal to this thread, and returns after the handler has run.
///
/// Swift tasks run on threads of Dispatch, which block signals; a signal sent to the process is therefore delivered to
/// the main thread.
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
