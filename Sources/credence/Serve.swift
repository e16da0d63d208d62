import API
import ArgumentParser
import Cluster
import Crypto
import EventLoop
import Logging

struct Serve: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Run a member. An empty data directory founds a cluster, or joins one with --join.",
        discussion: "An option may also stand in the environment (CREDENCE_LISTEN for --listen), or else in the --config file.")

    @Option(help: "Where the member keeps everything. Default: /var/lib/credence for root, else $XDG_STATE_HOME/credence.", completion: .directory)
    var data: String?
    @Option(help: "The member's name when it founds a cluster. Default: the host name.") var name: String?
    @Option(help: "HOST:PORT to listen on. Default: [::]:8443.") var listen: String?
    @Option(help: "HOST:PORT under which others reach this member; may be repeated. Default: made from --listen.")
    var advertise: [String] = []
    @Option(help: "A port on 127.0.0.1 and ::1 for a proxy on this machine: clear text, verification and health only.")
    var listenLoopback: String?
    @Option(help: "A join token, as `credence cluster add` prints it; - reads it from standard input.") var join: String?
    @Option(help: "Where to write the first admin token (mode 0600) instead of printing it.", completion: .file()) var saveToken: String?
    @Flag(help: "Stop after founding or joining.") var exitAfterInit = false
    @Option(help: "true (default) or false: whether keys on this disk are encrypted with a passphrase.")
    var encryptKeystore: String?
    @Option(help: "A file that holds the passphrase.", completion: .file()) var keystorePassphraseFile: String?
    @Option(help: "A file with any of these options: NAME: VALUE a line, as YAML has it, or a JSON object.", completion: .file())
    var config: String?
    @Option(help: "How many threads serve requests. Default: one per core.") var requestLoops: String?
    @Option(help: "How many entries of the replicated log to keep for members that are behind; others get a snapshot.")
    var logKeep: String?
    @Option(help: "Seconds between two looks through the file of the state for damage. Default: 3600.") var scrubEvery: String?
    @Option(help: "MiB kept free for what must be written when the disk is full; 0 for none. Default: 64, a sixteenth of the disk at most.")
    var diskReserve: String?
    @Option(help: "How much of the audit record to keep behind the log: all (default), a number of entries, or days (365d).")
    var auditKeep: String?
    @Option(help: "text or json.") var logFormat: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical.") var logLevel: String?

    func perform() async throws(CommandFailure) {
        let hangUps = try await HangUps.watch()
        let settings = try ServeSettings(self)
        let logLevel = SharedLogLevel(settings.logLevel)
        let logger = settings.logger(logLevel)
        let options = try settings.serverOptions(join: join, saveToken: saveToken)
        let manager = ServiceManager(environment: Terminal.environment)
        let end: ServiceEnd
        do throws(ServerError) {
            if exitAfterInit {
                let started = try await CredenceServer.startMember(options, logger)
                announce(started, options, logger)
                await started.member.stop()
                return
            }
            let server = try await CredenceServer.start(options, logger: logger) { announce($0, options, logger) }
            logger.notice("serving", metadata: ["address": "\(server.address)"])
            // Before anybody is told that it serves, and may send it a signal.
            await server.watchForStop()
            await Self.keepInformed(manager, of: server)
            let reload = Reload(flags: self, former: settings, logLevel: logLevel, logger: logger, manager: manager)
            hangUps.reload(with: reload.run)
            end = await server.waitForEnd()
            hangUps.ignore()
            manager.send(.stopping, .status(Self.farewell(end)))
            await server.stop()
            logger.notice("stopped")
        } catch {
            throw error.isUnreachable ? CommandFailure.unreachable("\(error)") : .refused("\(error)")
        }
        // A failure status, so that a supervisor starts it again or an operator looks.
        if case .halted(let reason) = end { throw CommandFailure.refused(reason) }
    }

    /// Tells the service manager that the member serves, and while its cluster loop makes progress that it still does.
    private static func keepInformed(_ manager: ServiceManager, of server: CredenceServer) async {
        let member = server.member
        let serving = "\(member.name) serves on \(server.address)"
        manager.send(.ready, .status(serving))
        guard let period = manager.watchdogPeriod else { return }
        await member.reportProgress(every: period) { [weak member] in
            _ = manager.sendAtOnce(.watchdog, .status(member?.trouble ?? serving))
        }
    }

    private static func farewell(_ end: ServiceEnd) -> String {
        switch end {
        case .stopSignal: "finishing what is under way"
        case .halted(let reason): reason
        }
    }

    /// The first token is shown once and kept nowhere; standard output carries nothing else, so that
    /// a script can take it.
    private func announce(_ started: StartedMember, _ options: ServerOptions, _ logger: Logger) {
        if let token = started.adminToken {
            Terminal.error("The admin token of the new cluster follows. It is shown once; whoever has it is administrator.")
            Terminal.out(token)
        } else if started.isFounder, let path = options.member.saveToken {
            Terminal.error("The admin token of the new cluster is in \(path), readable by this user only.")
        }
        var metadata: Logger.Metadata = ["member": "\(started.member.name)", "cluster": "\(started.member.clusterID)"]
        if let fingerprint = started.member.serverTLS.fingerprint { metadata["fingerprint"] = "\(fingerprint)" }
        logger.notice("member started", metadata: metadata)
    }
}
