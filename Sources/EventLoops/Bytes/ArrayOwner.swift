/// Keeps an array whose bytes are being sent.
final class ArrayOwner {
    private let array: [UInt8]
    let bytes: UnsafeRawBufferPointer

    init(_ array: [UInt8]) {
        self.array = array
        // The elements of an array lie in one heap object, which `array` retains. They neither move nor change, because
        // a writer elsewhere copies them first.
        bytes = array.withUnsafeBytes { $0 }
    }
}
