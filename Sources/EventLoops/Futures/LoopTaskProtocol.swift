/// A task of any result: what the loop keeps of each.
package protocol LoopTaskProtocol: AnyObject, Sendable {
    var name: String { get }
    var isDone: Bool { get }
    /// Waits until the task is done, whatever comes of it.
    func ended() async
    @discardableResult func cancel(message: String?) -> Bool
}
