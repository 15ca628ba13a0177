package import Testing

extension Trait where Self == ConditionTrait {
    /// Runs a test or suite only where the process may use io_uring.
    package static var needsRing: Self { .enabled(if: RingDenial.errno == nil, "io_uring is denied here") }
}
