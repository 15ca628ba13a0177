internal import Glibc

/// Performs the default actions of signals, even where the kernel ignores them.
enum DefaultAction {
    /// What a shell adds to a signal's number to form the exit status of a child that the signal has terminated.
    private static let statusBase: Int32 = 128
    /// The signals that do not terminate a process by default, but stop it, continue it or have no effect.
    private static let harmless: Set<Int32> = [
        SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH,
    ]

    /// Whether the kernel ignores default actions for this process, because it is process 1 of its PID namespace.
    ///
    /// Source: `pid_namespaces(7)`.
    static var isIgnoredByKernel: Bool {
        getpid() == 1
    }

    /// Sends a signal to this process, and exits if the kernel ignores the signal's fatal default action.
    static func perform(_ signal: Int32) {
        kill(getpid(), signal)
        if let status = exitStatus(signal, isIgnoredByKernel: isIgnoredByKernel, isDefault: isDefault(signal)) {
            _exit(status)
        }
    }

    /// The status with which to exit if the signal should have terminated the process; nil to let it continue.
    static func exitStatus(_ signal: Int32, isIgnoredByKernel: Bool, isDefault: Bool) -> Int32? {
        isIgnoredByKernel && isDefault && !harmless.contains(signal) ? statusBase + signal : nil
    }

    private static func isDefault(_ signal: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return false }
        return action.__sigaction_handler.sa_handler == nil
    }
}
