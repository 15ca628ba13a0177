extension Duration {
    /// Seconds with three decimals, as in "12.045 s".
    var inSeconds: String {
        let milliseconds = clampedNanoseconds / 1_000_000
        let decimals = "\(1000 + abs(milliseconds % 1000))".dropFirst()
        return "\(milliseconds < 0 ? "-" : "")\(abs(milliseconds / 1000)).\(decimals) s"
    }

    /// Like ``inSeconds``, but rounded, and with the unit spelled out.
    var secondsText: String {
        let milliseconds = (clampedNanoseconds.magnitude + 500_000) / 1_000_000
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let digits = String(rest)
        let sign = self < .zero ? "-" : ""
        return "\(sign)\(seconds).\(String(repeating: "0", count: 3 - digits.count))\(digits) seconds"
    }
}
