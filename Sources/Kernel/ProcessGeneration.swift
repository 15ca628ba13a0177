internal import CLinux

/// Tells a process from its forked children: a number that each fork(2) changes in the child.
package struct ProcessGeneration: Equatable, Sendable {
    private let forks: UInt32

    /// The calling process's. One load, no system call.
    package static var current: ProcessGeneration {
        ProcessGeneration(forks: cl_process_generation())
    }
}
