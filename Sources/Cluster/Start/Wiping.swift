import EventLoop
import HashTreeCollections
import Storage
import TrustStore

/// Removes a stopped member's files.
package struct Wiping {
    /// What is about to go, for whoever has to say yes.
    package struct Plan: Sendable {
        package let name: String
        package let clusterID: String?
        /// The other members that this one knew; empty when it knew none or cannot be read any more.
        package let others: [String]
        /// As far as its own state knows, it still is a member.
        package let isMember: Bool
    }

    package var dataDirectory: String

    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
    }

    /// Blocks. Files that no member makes are left alone, and so is the directory itself. Interrupted, it leaves a directory that
    /// serves nothing until this is run again.
    ///
    /// - Parameter confirm: asked once, while the directory is held.
    package func run(confirm: (Plan) -> Bool) throws(StartError) {
        let directory = try DataDirectory(existing: dataDirectory)
        defer { directory.release() }
        guard var file = try directory.readMemberFile() else { throw .noMember(path: directory.path) }
        guard confirm(Self.plan(file, directory)) else { throw .declined }
        file.phase = .wiping
        try directory.write(file)
        try directory.removeMember()
        try directory.removeMemberFile()
    }

    private static func plan(_ file: MemberFile, _ directory: DataDirectory) -> Plan {
        var plan = Plan(name: file.name, clusterID: file.clusterID, others: file.peers.map(\.name).sorted(), isMember: file.phase == .ready)
        guard file.phase != .wiping, let clusterID = file.clusterID,
            let store = try? StateStore.open(path: directory.statePath, clusterID: clusterID)
        else { return plan }
        defer { try? store.close() }
        guard let state = try? store.loadState(), state.cluster != nil else { return plan }
        plan = Plan(
            name: file.name, clusterID: clusterID,
            others: state.members.values.filter { $0.id != file.memberID }.map(\.name).sorted(),
            isMember: state.members[file.memberID] != nil)
        return plan
    }
}
