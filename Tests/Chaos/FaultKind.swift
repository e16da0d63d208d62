import ArgumentParser

/// What may be done to a cluster.
enum FaultKind: String, CaseIterable, ExpressibleByArgument {
    case kill, pause, partition, link, disk, clock, restart, transfer

    /// Why this machine cannot do it; nil when it can.
    func obstacle(hasNetwork: Bool, hasSmallDisk: Bool, hasFakeTime: Bool) -> String? {
        switch self {
        case .kill, .pause, .restart, .transfer: nil
        case .partition, .link: hasNetwork ? nil : "needs root, for network namespaces"
        case .disk: hasSmallDisk ? nil : "needs root, to mount a small file system"
        case .clock: hasFakeTime ? nil : "needs Debian's faketime"
        }
    }
}

/// One value of `--faults`: `kill,pause` as well as `kill`.
struct FaultList: ExpressibleByArgument {
    let kinds: [FaultKind]

    init(_ kinds: [FaultKind]) { self.kinds = kinds }

    init?(argument: String) {
        let kinds = argument.split(separator: ",").map { FaultKind(rawValue: String($0)) }
        guard !kinds.isEmpty, !kinds.contains(nil) else { return nil }
        self.kinds = kinds.compactMap { $0 }
    }

    var text: String { kinds.map(\.rawValue).joined(separator: ",") }
    var defaultValueDescription: String { text }
    static var allValueStrings: [String] { FaultKind.allCases.map(\.rawValue) }
}
