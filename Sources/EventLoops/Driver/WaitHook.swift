/// Makes a loop call an object before the loop waits for events again.
///
/// For channels that are the same on every kind of loop. A request costs no allocation. Loop thread only.
package protocol WaitHook: AnyObject {
    /// Requests one call of ``WaitHookOwner/loopWillWait()``; further requests before that call have no effect.
    ///
    /// The call is also made if the loop is closed first.
    func request()
}

/// The object that a hook calls, outside the object's own calls.
package protocol WaitHookOwner: AnyObject {
    /// Called once for each request.
    func loopWillWait()
}
