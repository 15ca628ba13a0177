/// Why a loop uses its backend.
package struct BackendReason: Sendable {
    package let text: String
    package let denial: EventLoopError?

    package init(_ text: String, denial: EventLoopError? = nil) {
        self.text = text
        self.denial = denial
    }
}
