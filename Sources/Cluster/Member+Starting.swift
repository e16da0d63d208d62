import EventLoop
package import Logging
import TrustStore

/// A member that runs, and what its first start made.
package struct StartedMember: Sendable {
    package let member: Member
    /// The first administrator's token: only when this start founded the cluster, and never stored
    /// here; nil when it was written to a file instead.
    package let adminToken: String?
    package let isFounder: Bool
    package let isJoiner: Bool
}

extension Member {
    /// Founds, joins or reopens, by what the data directory holds.
    ///
    /// - Parameter onHalt: called, at most once, when the member has left the log for good.
    package static func start(
        _ options: MemberOptions, logger: Logger, onHalt: @escaping @Sendable (String) -> Void
    ) async throws(StartError) -> StartedMember {
        try check(options)
        var start = MemberStart(
            options: options, directory: try DataDirectory(opening: options.dataDirectory),
            loop: try makeLoop(), logger: logger)
        do throws(StartError) {
            return try await start.run(onHalt: onHalt)
        } catch {
            start.loop.shutdown()
            throw error
        }
    }

    private static func check(_ options: MemberOptions) throws(StartError) {
        guard MemberName.isValid(options.name) else { throw .nameInvalid(options.name) }
        guard !options.advertise.isEmpty else { throw .addressInvalid("") }
        guard options.advertise.count <= StateLimits.addressesMax else { throw .addressesTooMany(options.advertise.count) }
        for address in options.advertise where !MemberAddress.isValid(address) { throw .addressInvalid(address) }
    }

    private static func makeLoop() throws(StartError) -> EventLoop {
        do {
            return try EventLoop(name: "cluster")
        } catch {
            throw .internalFailure("the cluster thread could not be started: \(error)")
        }
    }
}
