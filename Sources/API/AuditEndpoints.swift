import Cluster
import Crypto
import EventLoop
import JOSE
import Raft
import TrustStore

enum AuditEndpoints {
    static let all: [Endpoint] = [
        .getWaiting("/1.0/audit", .scope(.admin), listing) { (exchange) async throws(Problem) in
            let query = try AuditQuery(exchange.query)
            return try await AuditPage(query, exchange).answer()
        },
        .getWaiting("/1.0/audit/head", .scope(.admin), EndpointDocument(summary: "Where this member's audit record begins and ends")) {
            (exchange) async throws(Problem) in
            let head: AuditHead
            do throws(AuditError) { head = try await exchange.member.auditHead() } catch { throw Problem(error) }
            return .sync(
                .object([
                    "index": .integer(Int64(clamping: head.end.position.index.rawValue)),
                    "term": .integer(Int64(clamping: head.end.position.term.rawValue)),
                    "chain": .string(Hex.encode(head.end.chain)),
                    "from_index": .integer(Int64(clamping: head.fromIndex.rawValue)),
                    "archived_through": .integer(Int64(clamping: head.archivedThrough.rawValue)),
                    "trouble": head.trouble.map(JSON.string) ?? .null,
                    "refused_calls": .integer(Int64(clamping: exchange.settings.counters.refusedCallsCount)),
                ]))
        },
    ]

    private static let listing = EndpointDocument(
        summary: "Every change that was applied, oldest first: entries, and next_after for the page behind them, null at the end. "
            + "through is the last one that was looked at, and base is what the first entry that was looked at follows",
        query: EndpointDocument.Parameter.audit)
}

/// One answer to `GET /1.0/audit`, put together from as many reads as its bounds allow.
private struct AuditPage {
    private let query: AuditQuery
    private let exchange: Exchange
    private var after: LogIndex
    private var items: [JSON] = []
    private var base: JSON = .null
    private var scanned = 0
    private var isAtEnd = false

    init(_ query: AuditQuery, _ exchange: Exchange) {
        self.query = query
        self.exchange = exchange
        after = query.after
    }

    consuming func answer() async throws(Problem) -> Answer {
        try await waitForMore()
        // What this member has applied by now; behind it there may be entries that are not committed.
        let view = exchange.member.view
        repeat {
            try await read(through: view.index, view.state)
        } while !isAtEnd && items.isEmpty && scanned < AuditQuery.scannedMax
        return .sync(
            .object([
                "entries": .array(items), "base": base, "through": .integer(Int64(clamping: after.rawValue)),
                "next_after": isAtEnd ? .null : .integer(Int64(clamping: after.rawValue)),
            ]))
    }

    private func waitForMore() async throws(Problem) {
        guard query.waitSeconds > 0, exchange.member.view.index <= query.after else { return }
        do throws(ProposeError) {
            _ = try await exchange.member.waitUntilApplied(query.after.next, timeout: .seconds(query.waitSeconds))
        } catch {
            if case .notApplied = error { return }
            throw Problem(error)
        }
    }

    /// One stretch without a gap: a page must not hide one.
    private mutating func read(through last: LogIndex, _ state: TrustState) async throws(Problem) {
        let run: AuditRun?
        do throws(AuditError) {
            run = try await exchange.member.auditRun(
                after: after, through: last, countMax: query.isFilter ? AuditQuery.limitMax : query.limit,
                bytesMax: AuditQuery.bytesMax)
        } catch {
            throw Problem(error)
        }
        guard let run, let end = run.records.last?.entry.index else { return isAtEnd = true }
        if base == .null {
            base = [
                "index": .integer(Int64(clamping: run.base.index.rawValue)), "term": .integer(Int64(clamping: run.base.term.rawValue)),
                "chain": .string(Hex.encode(run.baseChain)),
            ]
        }
        let found = try await shown(run.records, state)
        items = found.prefix(query.limit).map(\.json)
        scanned += run.records.count
        // What did not fit is for the next page.
        after = found.count > query.limit ? found[query.limit - 1].index : end
        isAtEnd = after >= last
    }

    /// Commands are parsed to be shown, which for a thousand of them takes too long on the request loop.
    private func shown(_ records: [AuditRecord], _ state: TrustState) async throws(Problem) -> [(index: LogIndex, json: JSON)] {
        let query = query
        do {
            return try await exchange.workspace.loop.runBlocking {
                records.map(AuditItem.init).filter(query.takes).map { ($0.record.entry.index, $0.json(state, isRaw: query.isRaw)) }
            }
        } catch {
            throw .unavailable("busy: too much is being listed here at the moment")
        }
    }
}
