/// Counters of callbacks.
///
/// A class, because a variable captured by several closures is checked for exclusive access each
/// time, and the check would be measured.
final class Tally {
    var left: Int
    var called = 0

    init(_ left: Int) {
        self.left = left
    }
}
