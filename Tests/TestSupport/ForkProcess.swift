/// fork(2), which Swift does not import.
@_silgen_name("fork") package func forkProcess() -> Int32

/// unshare(2), which Swift does not import.
@_silgen_name("unshare") private func unshare(_ flags: Int32) -> Int32

/// Gives the children of this process a PID namespace of their own; the next one is process 1 in it.
///
/// - Returns: Whether the system allowed it.
package func separateProcessNumbers() -> Bool {
    let newPIDNamespace: Int32 = 0x2000_0000
    return unshare(newPIDNamespace) == 0
}
