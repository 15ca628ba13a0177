import NIOCore
import PrimitiveSupport

/// Measures on the event loop's thread, from the call of `begin` until `begin` calls its argument.
func measure(on loop: any EventLoop, _ begin: @escaping @Sendable (_ end: @escaping @Sendable () -> Void) -> Void)
    throws -> Int64
{
    let took = loop.makePromise(of: Int64.self)
    loop.execute {
        let began = nanoseconds()
        begin { took.succeed(nanoseconds() - began) }
    }
    return try took.futureResult.wait()
}
