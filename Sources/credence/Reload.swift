import EventLoop
import Logging

/// What SIGHUP does: reads the options again, takes up the level of the log, and names what only a restart takes up. A
/// configuration that is wrong changes nothing.
struct Reload: Sendable {
    let flags: Serve
    let former: ServeSettings
    let logLevel: SharedLogLevel
    let logger: Logger
    let manager: ServiceManager

    func run() {
        _ = manager.sendAtOnce(.reloading(monotonicMicroseconds: Terminal.monotonicMicroseconds))
        defer { _ = manager.sendAtOnce(.ready) }
        let settings: ServeSettings
        do throws(CommandFailure) {
            settings = try ServeSettings(flags)
        } catch {
            return logger.error("the options could not be read again; nothing was changed", metadata: ["reason": "\(error.message)"])
        }
        let level = logLevel.change(to: settings.logLevel)
        var metadata: Logger.Metadata = ["log_level": "\(settings.logLevel)"]
        let waiting = settings.restartNeeded(from: former)
        if !waiting.isEmpty { metadata["restart_for"] = "\(waiting.joined(separator: ","))" }
        // Said at the more talkative of the two levels, so that it is seen.
        logger.log(level: max(level, settings.logLevel, .notice), "the options were read again", metadata: metadata)
    }
}
