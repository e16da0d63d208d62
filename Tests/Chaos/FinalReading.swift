import Dispatch
import HistoryChecker
import JOSE

/// When all has healed: reads every member's lists to their ends, and asks every member about every revoked token.
struct FinalReading {
    private static let pageSize = 5000
    /// Their processes in the history begin here, behind those of the clients.
    private static let firstProcess = 1_000_000

    let record: Record
    let sockets: [String]

    func run() {
        let readers = sockets.indices.map { member in
            let (record, sockets) = (record, sockets)
            return Threads.start {
                let caller = Caller(process: Self.firstProcess + member, sockets: sockets, record: record)
                Self.readList(DurabilityFindings.revocationList, "/1.0/revocations", idOf: \.revokedKey, at: member, caller)
                Self.readList(DurabilityFindings.tokenList, "/1.0/tokens", idOf: { $0["id"]?.stringValue }, at: member, caller)
                for revoked in record.revoked {
                    caller.verify(revoked.token, input: VerificationFindings.atTheEnd, at: member, seconds: 10)
                }
            }
        }
        for reader in readers { reader.wait() }
    }

    private static func readList(_ name: String, _ path: String, idOf key: (JSON) -> String?, at member: Int, _ caller: Caller) {
        var after: String? = ""
        while let start = after {
            after = nil
            let query = "?limit=\(pageSize)" + (start.isEmpty ? "" : "&after=\(start)")
            caller.call(.list, key: start, input: name, at: member, "GET", path + query, seconds: 60) { call, reply in
                guard reply.status == 200, let page = reply.metadata.arrayValue else { return call.failed(reply) }
                call.succeeded(page.compactMap(key).joined(separator: " "))
                if page.count == pageSize { after = page.last?["id"]?.stringValue }
            }
        }
    }
}
