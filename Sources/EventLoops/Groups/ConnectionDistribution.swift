/// How a group's server distributes its connections to the loops.
public enum ConnectionDistribution: Sendable, Hashable {
    /// The kernel chooses by a hash of the addresses and ports: each loop has a listening socket of its own.
    ///
    /// The fastest way: no connection changes its thread. With few clients, some loops may get many more connections
    /// than others.
    ///
    /// When one of the sockets is closed, the kernel resets the connections that wait at it, unless the system has
    /// `net.ipv4.tcp_migrate_req=1`, which moves them to the other sockets. ``GroupServer/close(deadline:)`` accepts
    /// them first.
    ///
    /// Kernel: `SO_REUSEPORT`.
    case kernel
    /// One loop accepts, and each loop in turn gets a connection.
    case roundRobin
    /// One loop accepts, and each connection goes to the loop with the fewest open connections of this server.
    case leastConnections
}
