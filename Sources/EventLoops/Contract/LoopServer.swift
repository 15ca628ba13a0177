/// A server, as seen by its loop, which notifies it when the loop closes.
package protocol LoopServer: AnyObject {
    func loopClosed()
}
