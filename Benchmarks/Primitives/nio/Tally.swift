/// What callbacks count: properties of a class, because a variable that closures share is checked for exclusive access
/// each time, which would be measured along.
final class Tally {
    var left: Int
    var called = 0

    init(_ left: Int) {
        self.left = left
    }
}
