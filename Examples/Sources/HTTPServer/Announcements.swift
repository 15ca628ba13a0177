@preconcurrency import Glibc

/// Prints a line and flushes it, because standard output may be a pipe.
func announce(_ line: String) {
    print(line)
    fflush(nil)
}

/// Prints a line to standard error.
func complain(_ line: String) {
    fputs("HTTPServer: \(line)\n", stderr)
}
