import Cluster

/// What this binary is.
package enum Build {
    package static let version = CredenceVersion.text

    /// As the kernel names it, which is what clients of Incus expect.
    static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "aarch64"
        #else
            "unknown"
        #endif
    }
}
