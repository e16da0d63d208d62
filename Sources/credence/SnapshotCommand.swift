import ArgumentParser
import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import JOSE

struct SnapshotCommand: Noun {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Backups of what the cluster trusts.", subcommands: [Save.self, Inspect.self, Restore.self])
}

extension SnapshotCommand {
    struct Save: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Write a consistent backup of the member that is asked to a file, checked.",
            discussion: "Keys inside are sealed under the cluster's data key, and that under the passphrase of that member's keystore, or the one given "
                + "here. Restoring needs it: keep it, and keep it elsewhere than the file.")
        @Argument(help: "The file. Mode 0600.", completion: .file()) var file: String
        @Option(help: "A file with a passphrase for this backup, in place of that of the member's keystore.", completion: .file())
        var passphraseFile: String?
        @Flag(help: "Do not seal the data key: whoever reads the file then has every key of the cluster.") var keyInClear = false
        @Flag(help: "Replace a file of that name.") var force = false
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            guard passphraseFile == nil || !keyInClear else { throw .usage("--passphrase-file and --key-in-clear exclude each other") }
            let request = try request()
            guard force || !PrivateFile.exists(file) else { throw .refused("\(file) exists; give --force to replace it, or another name") }
            let download = try BackupDownload(to: file)
            let backup: Backup
            do throws(CommandFailure) {
                try await connection.remote().download(request, into: download)
                backup = try download.finish(replacing: force)
            } catch {
                download.abandon()
                throw error
            }
            report(backup)
        }

        private func request() throws(CommandFailure) -> ClientRequest {
            if keyInClear { return ClientRequest(method: .get, target: "/1.0/snapshot?data_key=clear") }
            guard let passphraseFile else { return ClientRequest(method: .get, target: "/1.0/snapshot") }
            guard let text = try Passphrase.read(passphraseFile).withSpan({ span in
                String(validating: span.indices.map { span[$0] }, as: UTF8.self)
            }) else { throw .usage("the passphrase in \(passphraseFile) must be UTF-8 text") }
            let body: JSON = ["passphrase": .string(text)]
            return ClientRequest(
                method: .post, target: "/1.0/snapshot", fields: [.contentType: "application/json"], body: .bytes(body.encoded()))
        }

        private func report(_ backup: Backup) {
            if let text = connection.format.text(of: backup.description) { return Terminal.out(text) }
            Terminal.error("\(file): cluster \(Table.printable(backup.clusterName)) as of entry \(backup.index), \(backup.byteCount) bytes, checked")
            for warning in BackupText.warnings(backup, file: file) { Terminal.error(warning) }
            guard !backup.holdsKeyInClear else { return }
            let whose = passphraseFile == nil ? "that the keystore of \(Table.printable(backup.memberName)) has now" : "in \(passphraseFile ?? "")"
            Terminal.error("restoring it needs the passphrase \(whose)")
        }
    }

    struct Inspect: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Check a backup file and say what is in it. Asks no member.",
            discussion: "Every byte is read and compared with the checksums. With --full the state is taken out, as a restore would, and looked through.")
        @Argument(help: "The file.", completion: .file()) var file: String
        @Flag(help: "Look through the state inside too, in a copy below $TMPDIR that is removed again.") var full = false
        @Option(help: "Also check that the passphrase in this file opens it.", completion: .file()) var passphraseFile: String?
        @Option(help: "table, json, yaml or csv.") var format: OutputFormat = .table

        func perform() async throws(CommandFailure) {
            let backup: Backup
            let checked = full ? try Scratch.with { path throws(BackupFault) in try Backup.checkState(file, scratch: path) } : Self.check(file)
            do throws(BackupFault) { backup = try checked.get() } catch { throw .refused(error.description) }
            if let passphraseFile {
                let passphrase = try Passphrase.read(passphraseFile)
                do throws(BackupFault) { try Backup.checkKey(file, passphrase: passphrase) } catch { throw .refused(error.description) }
            }
            var shown = backup.description.objectValue ?? [:]
            shown["checked"] = .string(full ? "state" : "checksums")
            if let text = format.text(of: .object(shown)) { return Terminal.out(text) }
            Terminal.out(Table.lines(of: BackupText.summary(backup, now: WallClock.nowSeconds())))
            Terminal.error(full ? "the checksums fit, and the state inside can be restored" : "the checksums fit")
            if passphraseFile != nil { Terminal.error("the passphrase opens it") }
            for warning in BackupText.warnings(backup, file: file) { Terminal.error(warning) }
        }

        private static func check(_ file: String) -> Result<Backup, BackupFault> {
            do throws(BackupFault) { return .success(try Backup.check(file)) } catch { return .failure(error) }
        }
    }

    struct Restore: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make a new cluster of one member from a backup, in an empty data directory.",
            discussion: "It has the CA, the certificate and the keys of the backup, so tokens go on verifying. Former members are none of it: others join it "
                + "as new ones. What was changed after the backup is lost, revocations too.")
        @Argument(help: "The backup.", completion: .file()) var file: String
        @Option(help: "Where the new member keeps everything. Default: as for serve.") var data: String?
        @Option(help: "The new member's name. Default: the host name.") var name: String?
        @Option(help: "What the member will listen on, from which --advertise is made. Default: [::]:8443.") var listen = "[::]:8443"
        @Option(help: "HOST:PORT under which others reach the member; may be repeated.") var advertise: [String] = []
        @Option(help: "true (default) or false: whether keys on this disk are encrypted with a passphrase.") var encryptKeystore: String?
        @Option(help: "A file with the passphrase of the new keystore.", completion: .file()) var keystorePassphraseFile: String?
        @Option(help: "A file with the passphrase of the backup. Default: the new keystore's.", completion: .file())
        var snapshotPassphraseFile: String?
        @Option(help: "Revoke all tokens issued up to a time: now, 2026-01-31T12:00:00Z or Unix seconds.") var revokeIssuedBefore: String?
        @Flag(help: "Do not ask.") var yes = false

        func perform() async throws(CommandFailure) {
            let before = try RevokeBefore.seconds(revokeIssuedBefore, now: WallClock.nowSeconds())
            try Offline.checkOwner(of: DataDirectory.choose(data), "snapshot restore")
            let backup: Backup
            do throws(BackupFault) { backup = try Backup.check(file) } catch { throw .refused(error.description) }
            let encrypts = try encryptsKeystore()
            let directory = DataDirectory.choose(data)
            let name = name ?? String(Terminal.hostName.prefix { $0 != "." })
            for line in explanation(backup, directory: directory, name: name, before: before) { Terminal.error(line) }
            try Terminal.requireConfirmable(yes: yes)
            guard yes || Terminal.ask("Restore?") else { throw .refused("nothing was changed") }
            let passphrase = encrypts ? try Passphrase.find(file: keystorePassphraseFile) : nil
            let restoring = Restoring(
                path: file, dataDirectory: directory, name: name,
                advertise: try ServeSettings.advertised(advertise, listen: listen), encryptsKeystore: encrypts, passphrase: passphrase,
                backupPassphrase: try backupPassphrase(backup, keystore: passphrase), revokeBefore: before)
            try Offline.run { () throws(StartError) in try restoring.run() }
            Terminal.error("restored; start it: credence serve --data \(directory)")
        }

        private func encryptsKeystore() throws(CommandFailure) -> Bool {
            switch encryptKeystore {
            case nil, "true": return true
            case "false": return false
            default: throw .usage("--encrypt-keystore must be true or false")
            }
        }

        private func backupPassphrase(_ backup: Backup, keystore: SecretBytes?) throws(CommandFailure) -> SecretBytes? {
            if backup.holdsKeyInClear { return nil }
            if let snapshotPassphraseFile { return try Passphrase.read(snapshotPassphraseFile) }
            if let keystore { return keystore }
            return Terminal.isInteractive ? Terminal.readSecret(prompt: "Passphrase of the backup: ") : nil
        }

        private func explanation(_ backup: Backup, directory: String, name: String, before: Int64?) -> [String] {
            let now = WallClock.nowSeconds()
            return [
                "\(file) was made by \(Table.printable(backup.memberName)) of cluster \(Table.printable(backup.clusterName)) at \(RFC3339.text(backup.madeAt)), "
                    + "\(BackupText.age(of: backup, now: now)) ago, and holds the entries through \(backup.index).",
                "A new cluster of one member, \(Table.printable(name)), is made from it in \(directory), with the same CA, certificate and keys, so tokens go on verifying.",
                "Former members are not part of it; do not let them run beside it, they have the same keys and would decide by themselves.",
                "LOST is what was changed after entry \(backup.index): tokens, keys and certificates that were revoked or removed since then are ACCEPTED AGAIN"
                    + (before == nil ? "; --revoke-issued-before now refuses all tokens that there are." : "."),
            ] + (before.map { ["Tokens issued until \(RFC3339.text($0)) are revoked with it; certificates are not: look through them."] } ?? [])
                + BackupText.warnings(backup, file: file)
        }
    }
}

/// `now`, a time, or Unix seconds.
enum RevokeBefore {
    static func seconds(_ text: String?, now: Int64) throws(CommandFailure) -> Int64? {
        guard let text else { return nil }
        if text == "now" { return now }
        guard let seconds = RFC3339.seconds(text) ?? Int64(text), (0...(now + 600)).contains(seconds) else {
            throw .usage("--revoke-issued-before must be now, a time such as 2026-01-31T12:00:00Z, or Unix seconds, at most 10 minutes ahead")
        }
        return seconds
    }
}
