import ArgumentParser
import Cluster
import Crypto
import JOSE

extension AuditCommand {
    struct Verify: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Compute the hash chain anew from the entries themselves, and name the first that does not fit.",
            discussion: "Of the member that is asked; or with --file of an export, of a backup, of log.db, audit.db or state.db copied from a member, "
                + "or of the data directory of a member that does not run.")
        @Option(help: "What to check instead of a running member.", completion: .file()) var file: String?
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            guard let file else { return show(try await Self.checkRemote(try connection.remote())) }
            do throws(AuditFault) {
                var check = AuditCheck()
                try Self.check(file, into: &check)
                show(check)
            } catch {
                throw Self.failure(error)
            }
        }

        static func failure(_ fault: AuditFault) -> CommandFailure {
            switch fault {
            case .entry(let index, let what): .refused("the audit record is not whole: entry \(index): \(what)")
            case .unreadable(let reason): .refused(reason)
            }
        }

        static func check(_ path: String, into check: inout AuditCheck) throws(AuditFault) {
            if try AuditExportFile.isOne(path) {
                try AuditExportFile.check(path, into: &check)
            } else if Backup.isOne(path) {
                let report: Result<AuditFiles.Report, AuditFault>
                do throws(CommandFailure) {
                    report = try Scratch.with { scratch throws(AuditFault) in try AuditFiles.check(backup: path, scratch: scratch) }
                } catch {
                    throw .unreadable(error.message)
                }
                check = AuditCheck(try report.get())
            } else {
                check = AuditCheck(try AuditFiles.check(path))
            }
        }

        /// Every page up to where the member says that its record ends.
        static func checkRemote(
            _ remote: Remote, each: (AuditItemText) throws(CommandFailure) -> Void = { _ in }
        ) async throws(CommandFailure) -> AuditCheck {
            var pages = AuditPages(remote: remote, query: "&raw=1&limit=1000")
            let head = try await pages.head()
            var check = AuditCheck()
            while check.index < head.index {
                guard let page = try await pages.next() else { break }
                guard let texts = AuditItemText.list(page) else { throw AuditPages.strange }
                for text in texts where text.index <= head.index {
                    do throws(AuditFault) { try text.take(into: &check) } catch { throw failure(error) }
                    try each(text)
                }
            }
            guard check.index == head.index else {
                throw failure(.entry(index: UInt64(check.index + 1), what: "the entry is missing; the record ends at \(head.index)"))
            }
            guard check.chain == head.chain else {
                throw failure(.entry(index: UInt64(head.index), what: "it is not what the member has applied"))
            }
            return check
        }

        private func show(_ check: AuditCheck) {
            if let text = connection.format.text(of: check.json) { return Terminal.out(text) }
            for line in check.lines { Terminal.out(line) }
        }
    }

    struct Export: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Write the whole record of the member that is asked to a file, verified on the way.",
            discussion: "One JSON object a line, with the bytes of each entry in base64. They hold sealed keys and hashes of secrets, "
                + "but no secret; keep the file as you keep a backup all the same.")
        @Argument(help: "The file; there must be none of that name.", completion: .file()) var file: String
        @OptionGroup var connection: ConnectionOptions

        func perform() async throws(CommandFailure) {
            let remote = try connection.remote()
            guard let descriptor = Terminal.create(file) else {
                throw .refused("\(file) cannot be made; it must not exist, and its folder must be writable")
            }
            var writer = AuditExportFile.Writer(path: file, descriptor: descriptor)
            do throws(CommandFailure) {
                let check = try await Verify.checkRemote(remote) { (text) throws(CommandFailure) in try writer.write(text) }
                try writer.finish(check)
                Terminal.error("\(check.entryCount) entries written, up to \(check.index)")
            } catch {
                writer.abandon()
                throw error
            }
        }
    }
}
