/// Receives the completions of its operations.
///
/// A base class rather than a protocol: the operation table stores targets unmanaged, so that calling one costs no
/// retain and release. Open, because the loops' modules subclass it.
open class CompletionTarget {
    /// The number of operations whose last completion has not been delivered, maintained by the ``OperationTable``.
    final var operationsInFlight: Int32 = 0

    /// Makes a target without operations.
    public init() {}

    /// Called when an operation of this target has completed, or a multishot operation has delivered a result.
    ///
    /// - Parameters:
    ///   - tag: The operation's tag, as the submission returned it.
    ///   - result: A count, a descriptor, or a negative error number.
    ///   - flags: `IORING_CQE_F_…`; without `MORE`, this is the operation's last completion.
    open func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        preconditionFailure("\(type(of: self)) does not handle completions")
    }
}
