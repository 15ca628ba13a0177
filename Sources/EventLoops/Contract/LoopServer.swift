/// A server, as the loop sees it when it closes.
package protocol LoopServer: AnyObject {
    func loopClosed()
}
