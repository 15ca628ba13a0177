/// How long ``Ring/enter(_:)`` may sleep until a completion arrives.
package enum RingWait: Equatable, Sendable {
    /// Not at all.
    case none
    /// Until there is one.
    case forever
    /// Until there is one or CLOCK_MONOTONIC shows this many nanoseconds.
    case until(Int64)
}
