internal import CLinux
internal import Glibc
internal import Kernel

extension LookupError {
    /// What to do about the error; empty if the error's own text is sufficient.
    ///
    /// - Parameter wasName: Whether a name was looked up rather than an address.
    func remedy(wasName: Bool) -> String {
        if host == "" { return "The host is empty" }
        return switch code {
        case EAI_NONAME where !wasName: "The address has no name: without `NI_NAMEREQD` the answer is numeric"
        case EAI_NONAME, EAI_AGAIN, EAI_FAIL, CL_EAI_NODATA: "Check the spelling, and that the name servers answer"
        case EAI_SOCKTYPE, EAI_SERVICE: "No socket has that type and protocol: check `type` and `proto`"
        case EAI_FAMILY, CL_EAI_ADDRFAMILY: "The host has no address of that family: check `family`"
        case EAI_BADFLAGS: "The flags are unknown or incompatible: check `flags`"
        default: ""
        }
    }
}
