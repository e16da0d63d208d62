import Raft

/// What is taken out of a seed's run, to see whether it breaks without that too.
struct Restriction: Sendable {
    /// Parts of the profile that can be turned off one at a time.
    enum Feature: String, CaseIterable, Sendable {
        case drop, duplicate, delay, diskDelay = "disk-delay", diskStall = "disk-stall", applyDelay = "apply-delay"
        case skew, snapshots, transfers, reads, changes, bursts, clients, revocations, window, endFaults = "end-faults"
    }

    var without: [Feature] = []
    /// The numbers of the faults that stay; nil for all.
    var keep: [Int]?
    /// Faults and work end here.
    var until: Int?
    var voters: Int?
    var spares: Int?

    static let none = Restriction()

    var isNone: Bool { without.isEmpty && keep == nil && until == nil && voters == nil && spares == nil }

    /// As options of the command line, with a leading space; empty when nothing is taken out.
    var options: String {
        var text = ""
        if let keep { text += " --keep \(keep.isEmpty ? "none" : keep.map(String.init).joined(separator: ","))" }
        if let until { text += " --until \(until)" }
        if let voters { text += " --voters \(voters)" }
        if let spares { text += " --spares \(spares)" }
        if !without.isEmpty { text += " --without \(without.map(\.rawValue).joined(separator: ","))" }
        return text
    }
}

extension Profile {
    mutating func restrict(_ restriction: Restriction) {
        for feature in restriction.without { turnOff(feature) }
        if let until = restriction.until { faultTicks = min(faultTicks, until) }
        if let count = restriction.voters { voters = min(voters, count) }
        if let count = restriction.spares { spares = min(spares, count) }
    }

    private mutating func turnOff(_ feature: Restriction.Feature) {
        switch feature {
        case .drop: dropPermille = 0
        case .duplicate: duplicatePermille = 0
        case .delay: networkDelayMax = 0
        case .diskDelay: diskLatencyMax = 0
        case .diskStall:
            diskStallPermille = 0
            slowFilesPermille = 0
        case .applyDelay: applyLatencyMax = 0
        case .skew:
            clockSkewPermille = 0
            clockErrorPermilleMax = 0
        case .snapshots:
            usesSnapshots = false
            snapshotDamagePermille = 0
        case .transfers: transferPermille = 0
        case .reads: readPermille = 0
        case .changes: changePermille = 0
        case .bursts: burstMax = 1
        case .clients: clientPermille = 0
        case .revocations: revocationPermille = 0
        case .window:
            settings.windowEntries = 1024
            settings.maxUnapplied = 1024
            settings.maxUncommittedBytes = 1 << 20
        case .endFaults: faultsAtTheEnd = .none
        }
    }
}
