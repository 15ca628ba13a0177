internal import Glibc

/// The default actions of signals, also where the kernel ignores them.
enum DefaultAction {
    /// The status of a shell's child that a signal ended, less the signal's number.
    private static let statusBase: Int32 = 128
    /// The signals that do not end a process by default, but stop or continue it or have no effect.
    private static let harmless: Set<Int32> = [
        SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH,
    ]

    /// Whether this is process 1 of its PID namespace.
    ///
    /// Source: `pid_namespaces(7)`.
    static var isIgnoredByKernel: Bool {
        getpid() == 1
    }

    /// Sends a signal to this process, and ends the process if the kernel ignores a fatal default action.
    static func perform(_ signal: Int32) {
        kill(getpid(), signal)
        if let status = exitStatus(signal, isIgnoredByKernel: isIgnoredByKernel, isDefault: isDefault(signal)) {
            _exit(status)
        }
    }

    /// The status with which to end a process that the signal should have ended; nil to let it continue.
    static func exitStatus(_ signal: Int32, isIgnoredByKernel: Bool, isDefault: Bool) -> Int32? {
        isIgnoredByKernel && isDefault && !harmless.contains(signal) ? statusBase + signal : nil
    }

    private static func isDefault(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return action.__sigaction_handler.sa_handler == nil
    }
}
