import ArgumentParser

/// What may be done to a cluster.
enum FaultKind: String, CaseIterable, ExpressibleByArgument {
    case kill, pause, partition, link, disk, clock, restart, transfer

    /// Why this machine cannot do it; nil when it can.
    func obstacle(hasNetwork: Bool, isRoot: Bool, hasFakeTime: Bool) -> String? {
        switch self {
        case .kill, .pause, .restart, .transfer: nil
        case .partition, .link: hasNetwork ? nil : "needs root, for network namespaces"
        case .disk: isRoot ? nil : "needs root, to mount a small file system"
        case .clock: hasFakeTime ? nil : "needs Debian's faketime"
        }
    }
}
