/// Receives the completions of its operations.
///
/// A base class and not a protocol: the operation table keeps its targets unmanaged, so that calling one costs no
/// retain and release. Open, because loops subclass it in another module.
open class CompletionTarget {
    /// Operations whose last completion has not been delivered; maintained by the ``OperationTable``.
    final var operationsInFlight: Int32 = 0

    /// A target without operations.
    public init() {}

    /// An operation of this target has completed, or a multishot one has delivered.
    ///
    /// - Parameters:
    ///   - tag: The operation's tag, as the submission returned it.
    ///   - result: A count, a descriptor, or a negative error number.
    ///   - flags: `IORING_CQE_F_…`; without `MORE` the operation is over.
    open func completed(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        preconditionFailure("\(type(of: self)) does not handle completions")
    }
}
