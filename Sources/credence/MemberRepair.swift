import ArgumentParser
import Cluster
import Crypto
import EventLoop
import JOSE

extension MemberCommand {
    struct Recover: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a cluster of one member from this stopped one, whose majority is lost for good.",
            discussion: "Everything in its log is taken, also what nobody knows to have been committed. The others are no members any more: they are "
                + "refused when they come back, and join as new ones after `credence member wipe`.")
        @Option(help: "The data directory of the member. Default: as for serve.") var data: String?
        @Option(help: "Revoke all tokens issued up to a time: now, 2026-01-31T12:00:00Z or Unix seconds.") var revokeIssuedBefore: String?
        @Flag(help: "Do not ask.") var yes = false

        func perform() async throws(CommandFailure) {
            let before = try RevokeBefore.seconds(revokeIssuedBefore, now: WallClock.nowSeconds())
            try Terminal.requireConfirmable(yes: yes)
            let directory = DataDirectory.choose(data)
            try Offline.checkOwner(of: directory, "member recover")
            try Offline.run { () throws(StartError) in
                try Recovering(dataDirectory: directory, revokeBefore: before).run { plan in
                    for line in Self.explanation(plan, before: before) { Terminal.error(line) }
                    return yes || Terminal.ask("Recover?")
                }
            }
            Terminal.error("recovered; start it: credence serve --data \(directory)")
        }

        private static func explanation(_ plan: Recovering.Plan, before: Int64?) -> [String] {
            let others = plan.others.map { "\(Table.printable($0.name)) (\($0.addresses.map(Table.printable).joined(separator: ", ")))" }
            var lines = [
                "\(Table.printable(plan.name)) becomes the only member of cluster \(plan.clusterID), with what is in its log, through entry \(plan.lastIndex).",
                "No members any more: \(others.isEmpty ? "nobody" : others.joined(separator: ", ")). If a majority of them still runs, or can be brought back, STOP: "
                    + "start that instead. Two clusters with the same keys would each decide by themselves.",
            ]
            if plan.lastIndex > plan.appliedIndex {
                lines.append(
                    "Entries \(plan.appliedIndex + 1) to \(plan.lastIndex) are taken though this member does not know whether a majority had them: changes whose callers "
                        + "were told nothing, or no, may take effect.")
            }
            if plan.isRemoved {
                lines.append(
                    "WARNING: among them is the removal of \(Table.printable(plan.name)) itself. If a majority had it, the others went on without this member: "
                        + "prefer any of them that can be brought back, or recover that one.")
            }
            lines.append(
                "LOST is what only the others had: what they committed while this member was away" + (plan.isReplica ? " or behind (it is a replica)" : "")
                    + ". Revocations among it are ACCEPTED AGAIN" + (before == nil ? "; --revoke-issued-before now refuses all tokens that there are." : "."))
            if let before { lines.append("Tokens issued until \(RFC3339.text(before)) are revoked with it; certificates are not: look through them.") }
            if plan.hasLostEntries { lines.append("WARNING: this member's disk has lost entries that it had acknowledged; they are lost for good.") }
            if let damage = plan.damage { lines.append("WARNING: \(damage)") }
            return lines
        }
    }

    struct Wipe: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Remove a stopped member's data, its keys first. The directory can then be used for another one.")
        @Option(help: "The data directory of the member. Default: as for serve.") var data: String?
        @Flag(help: "Do not ask.") var yes = false

        func perform() async throws(CommandFailure) {
            try Terminal.requireConfirmable(yes: yes)
            let directory = DataDirectory.choose(data)
            try Offline.checkOwner(of: directory, "member wipe")
            try Offline.run { () throws(StartError) in
                try Wiping(dataDirectory: directory).run { plan in
                    for line in Self.explanation(plan, directory: directory) { Terminal.error(line) }
                    return yes || Terminal.answer("Type its name to remove it: ") == plan.name
                }
            }
            Terminal.error("wiped")
        }

        private static func explanation(_ plan: Wiping.Plan, directory: String) -> [String] {
            let name = Table.printable(plan.name)
            var lines = ["\(directory) holds member \(name)\(plan.clusterID.map { " of cluster \($0)" } ?? ", which belongs to no cluster"); its keys, log and state are removed for good."]
            guard plan.isMember else { return lines }
            let others = plan.others.map(Table.printable)
            lines.append(
                others.isEmpty
                    ? "It is the only member: the cluster ends with it, unless there is a backup (credence snapshot save)."
                    : "As far as it knows it is still a member, with \(others.joined(separator: ", ")): run `credence cluster remove \(name)` on one of them first, "
                        + "or they go on counting on it.")
            return lines
        }
    }

    struct Rekey: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Change the passphrase of a stopped member's keystore, or give it one, or take it away.",
            discussion: "Asks for both on a terminal. Backups keep the passphrase that they were made with.")
        @Option(help: "The data directory of the member. Default: as for serve.") var data: String?
        @Option(help: "A file with the passphrase in force. Default: $CREDENCE_KEYSTORE_PASSPHRASE, a systemd credential, or asked for.", completion: .file())
        var keystorePassphraseFile: String?
        @Option(help: "A file with the new passphrase. Default: asked for.", completion: .file()) var newPassphraseFile: String?
        @Option(help: "false: no passphrase from now on; the key lies in a file of mode 0600.") var encryptKeystore: String?

        func perform() async throws(CommandFailure) {
            let encrypts = try encryptsKeystore()
            guard encrypts || newPassphraseFile == nil else { throw .usage("--new-passphrase-file and --encrypt-keystore false exclude each other") }
            let directory = DataDirectory.choose(data)
            try Offline.checkOwner(of: directory, "member rekey")
            let rekeying = Rekeying(dataDirectory: directory)
            let isEncrypted = try Offline.run { () throws(StartError) in try rekeying.isEncrypted() }
            guard isEncrypted || encrypts else { return Terminal.error("the keystore has no passphrase already") }
            let old = isEncrypted ? try Passphrase.find(file: keystorePassphraseFile) : nil
            let new = encrypts ? try newPassphrase() : nil
            try Offline.run { () throws(StartError) in try rekeying.run(from: old, to: new) }
            if !encrypts { Terminal.error("WARNING: whoever can read the data directory has the keys from now on") }
            Terminal.error("the keystore is sealed anew; the next start needs what was given now")
        }

        private func encryptsKeystore() throws(CommandFailure) -> Bool {
            switch encryptKeystore {
            case nil, "true": return true
            case "false": return false
            default: throw .usage("--encrypt-keystore must be true or false")
            }
        }

        private func newPassphrase() throws(CommandFailure) -> SecretBytes {
            if let newPassphraseFile { return try Passphrase.read(newPassphraseFile) }
            guard Terminal.isInteractive else { throw .usage("the new passphrase is missing: give --new-passphrase-file, or --encrypt-keystore false") }
            guard let new = Terminal.readSecret(prompt: "New passphrase: "), new.count > 0 else { throw .usage("the passphrase must not be empty") }
            guard Terminal.readSecret(prompt: "Again: ") == new else { throw .usage("the two are not the same; nothing was changed") }
            return new
        }
    }
}

/// Work on the files of a member that does not run.
enum Offline {
    /// Files that another user's service cannot read are a member that does not start: root may write everywhere, and what it
    /// writes is root's. Before anything is asked or opened.
    ///
    /// - Parameter command: as it is typed, for the advice.
    static func checkOwner(of directory: String, _ command: String) throws(CommandFailure) {
        for path in [directory, directory + "/member.json"] {
            guard let owner = Terminal.owner(of: path), owner != Terminal.userID else { continue }
            let user = Terminal.userName(of: owner)
            throw .refused("\(path) belongs to \(user), who is to run the member: run this as that user (sudo -u \(user) credence \(command) ...)")
        }
    }

    static func run<Value>(_ work: () throws(StartError) -> Value) throws(CommandFailure) -> Value {
        do throws(StartError) { return try work() } catch { throw .refused(error.description) }
    }
}
