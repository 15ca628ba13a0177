internal import Glibc

/// The size of large tests: full size, or the percentage in `PROACTOR_TEST_SIZE`.
///
/// Below 100 for runs under a sanitizer that slows every access down, where fewer rounds find the same bugs; above for
/// the long runs of `make test-everything`.
package enum TestSize {
    package static func scaled(_ full: Int) -> Int {
        full * percentage / 100
    }

    private static let percentage: Int = {
        guard let text = getenv("PROACTOR_TEST_SIZE") else { return 100 }
        guard let number = Int(String(cString: text)), 1...100_000 ~= number else {
            preconditionFailure("PROACTOR_TEST_SIZE is a percentage from 1 to 100000")
        }
        return number
    }()
}
