import CMalloc
import Glibc

/// The memory of the process.
enum Memory {
    /// Bytes that are allocated.
    static var used: Int {
        let figures = mallinfo2()
        return Int(figures.uordblks + figures.hblkhd)
    }
}

enum WallClock {
    /// Milliseconds since 1970.
    static var milliseconds: Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }
}
