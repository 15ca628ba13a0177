import EventLoops
import Glibc
import Kernel
import Proactor
import Testing

/// The disposition of a signal in a comparable form: handler, flags and mask.
struct Disposition: Equatable {
    private let handler: Int
    private let flags: Int32
    private let blocked: [Int32]

    /// The current disposition.
    init(of signal: Int32) {
        var action = sigaction()
        sigaction(signal, nil, &action)
        handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        // Without a handler, flags and mask have no effect, and may be left over from an earlier handler.
        let runs = handler > 1
        // SA_RESTORER, the C library's way back from handlers: the library adds it to every disposition.
        flags = runs ? action.sa_flags & ~0x0400_0000 : 0
        blocked = (1...64).filter { runs && sigismember(&action.sa_mask, $0) == 1 }
    }

    /// Installs a handler of the program, with flags and a mask that differ from the library's.
    static func setOwn(for signal: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_NODEFER
        sigemptyset(&action.sa_mask)
        sigaddset(&action.sa_mask, SIGUSR2)
        sigaction(signal, &action, nil)
    }

    var isDefault: Bool {
        handler == 0
    }
}

/// The signals that the calling thread blocks.
func blockedSignals() -> [Int32] {
    var mask = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &mask)
    return (1...64).filter { sigismember(&mask, $0) == 1 }
}

/// Blocks or unblocks a signal on the calling thread.
func setBlocked(_ signal: Int32, _ isBlocked: Bool) {
    var one = sigset_t()
    sigemptyset(&one)
    sigaddset(&one, signal)
    pthread_sigmask(isBlocked ? SIG_BLOCK : SIG_UNBLOCK, &one, nil)
}
