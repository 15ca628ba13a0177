/// An object that a test captures to see, through a weak reference, when its holder is released.
package final class Witness {
    package init() {}
}
