/// Decides which server of a group serves a connection that one of them has accepted.
protocol ConnectionRouter: AnyObject {
    /// Passes a connection on to another loop.
    ///
    /// - Returns: False if the accepting server serves it itself; otherwise the router owns the descriptor.
    func passesOn(_ descriptor: Int32) -> Bool
}
