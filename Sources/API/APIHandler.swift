package import Cluster
import Crypto
package import EventLoop
package import HTTP
import HTTPTypes
package import Logging
import Raft
import Synchronization

/// Every request of one request loop: finds its endpoint, learns who calls, waits for the index the
/// caller asked for, checks the scope, runs the endpoint, and turns the result into one answer.
///
/// Made once per loop, because the signature cache and the rate limit belong to the loop.
package final class APIHandler: RequestHandler {
    let member: Member
    let settings: APISettings
    let workspace: LoopBound<Workspace>
    let logger: Logger
    let viewFields = Mutex<(index: LogIndex, bytes: [UInt8])?>(nil)
    private let table = EndpointTable.all

    package init(member: Member, loop: EventLoop, settings: APISettings, logger: Logger) {
        self.member = member
        self.settings = settings
        self.logger = logger
        let prefix = Hex.encode(SecureRandom.bytes(6))
        workspace = LoopBound(Workspace(strangers: settings.strangers, requestPrefix: prefix), on: loop)
    }

    package func handle(_ request: IncomingRequest) -> Reply {
        if ForwardAuth.isMeant(by: request.head) {
            return forwardAuth(request)
        }
        let label = requestLabel(request.head)
        do throws(Problem) {
            let call = try parse(request, label)
            if case .plain(let work) = call.route.endpoint.work, call.conditions.areMet(by: member.view) {
                return .now(answerNow(call, work))
            }
            return .later { await self.answerLater(call) }
        } catch {
            return .now(encode(error, for: request, label: label, caller: nil, view: member.view))
        }
    }

    /// Forward-auth is about the head alone. A proxy may announce the body of the request that it asks about and never send it.
    package func readsBody(of head: HTTPHead) -> Bool {
        !ForwardAuth.isMeant(by: head)
    }

    /// Long bodies are for administrators, who prove themselves in the head or by the connection, and for the calls that need them.
    package func bodyBytesMax(of head: HTTPHead, from connection: ConnectionInfo) -> Int? {
        let request = IncomingRequest(head: head, body: [], connection: connection, requestStart: .now())
        guard let call = try? parse(request, .callers("")), let bytesMax = call.route.endpoint.adminBodyBytesMax,
            caller(of: call, member.view).holds(.admin)
        else { return nil }
        return bytesMax
    }

    /// The answer to bytes that are no request.
    package func refusal(_ error: HTTPParseError) -> OutgoingResponse {
        logger.debug("refused a malformed request", metadata: ["error": "\(error)"])
        return response(
            Problem(error.status, error.description), isUnderAPI: true, label: workspace.value.nextRequestLabel(),
            view: member.view)
    }
}

/// A request that has a route, before anybody asked who sent it.
struct Call: Sendable {
    let request: IncomingRequest
    let route: EndpointTable.Route
    let query: QueryParameters
    let conditions: Conditions
    /// `X-Request-Id`.
    let label: RequestLabel
}

extension APIHandler {
    private func parse(_ request: IncomingRequest, _ label: RequestLabel) throws(Problem) -> Call {
        let head = request.head
        let route = try table.route(head.method, path: try segments(head), inClear: request.connection.isClear)
        try refuseForeignSites(head, route.endpoint)
        let query = head.queryRange == nil ? .none : try QueryParameters(head)
        return Call(
            request: request, route: route, query: query, conditions: try Conditions(head, query), label: label)
    }

    private func segments(_ head: HTTPHead) throws(Problem) -> [String] {
        do throws(PathSegments.Failure) {
            return try PathSegments(head).segments
        } catch {
            throw .badRequest("the path is malformed: \(error)")
        }
    }

    /// A browser says when a page of another site made it send the request; no such page may act here.
    private func refuseForeignSites(_ head: HTTPHead, _ endpoint: Endpoint) throws(Problem) {
        switch head.value(of: .secFetchSite) {
        case "cross-site", "same-site":
            if endpoint.isUnderAPI || endpoint.isRPC { throw Problem(.forbidden, "not authorized: sent by a page of another site") }
        default: break
        }
    }

    private func answerNow(
        _ call: Call, _ work: @Sendable (Exchange) throws(Problem) -> Answer
    ) -> OutgoingResponse {
        let exchange = exchange(call, member.view)
        do throws(Problem) {
            try authorise(exchange, call.route.endpoint)
            return encode(try work(exchange), for: call, caller: exchange.caller, view: exchange.view)
        } catch {
            return encode(error, for: call.request, label: call.label, caller: exchange.caller, view: exchange.view)
        }
    }

    private func answerLater(_ call: Call) async -> OutgoingResponse {
        var caller: Caller?
        do throws(Problem) {
            var exchange = exchange(call, member.view)
            caller = exchange.caller
            if !call.conditions.areMet(by: exchange.view) {
                // Waiting takes memory here and, for the leader's word, work of the leader. The token
                // of an honest caller may be too new for this view, so he may wait, but not at will.
                try exchange.limitStrangers()
                try await waitForMinIndex(call.conditions)
                exchange = self.exchange(call, member.view)
                caller = exchange.caller
            }
            try authorise(exchange, call.route.endpoint)
            if call.conditions.isLinearizable {
                try await askTheLeader(call.conditions)
                // The newer view may know that this caller's token was revoked.
                exchange = self.exchange(call, member.view)
                caller = exchange.caller
                try authorise(exchange, call.route.endpoint)
            }
            let answer = try await run(call, exchange)
            let wrote = call.route.endpoint.method != .get
            return encode(answer, for: call, caller: exchange.caller, view: wrote ? member.view : exchange.view)
        } catch {
            return encode(error, for: call.request, label: call.label, caller: caller, view: member.view)
        }
    }

    private func run(_ call: Call, _ exchange: Exchange) async throws(Problem) -> Answer {
        switch call.route.endpoint.work {
        case .forwardAuth: throw .notFound()
        case .plain(let work): try work(exchange)
        case .waiting(let work): try await work(exchange)
        case .streaming(let work): try await work(exchange) { self.refusal(of: call, needing: $0) }
        }
    }

    /// Judged anew, by what this member knows now.
    private func refusal(of call: Call, needing scope: StandardScope) -> Problem? {
        do throws(Problem) {
            try caller(of: call, member.view).require(scope)
            return nil
        } catch {
            return error
        }
    }

    func wait(for conditions: Conditions) async throws(Problem) {
        try await waitForMinIndex(conditions)
        if conditions.isLinearizable { try await askTheLeader(conditions) }
    }

    private func waitForMinIndex(_ conditions: Conditions) async throws(Problem) {
        guard let index = conditions.minIndex, member.view.index < index else { return }
        do throws(ProposeError) {
            try await member.waitUntilApplied(index, timeout: conditions.timeout)
        } catch {
            throw Problem(error)
        }
    }

    private func askTheLeader(_ conditions: Conditions) async throws(Problem) {
        do throws(ProposeError) {
            _ = try await member.readBarrier(timeout: conditions.timeout)
        } catch {
            throw Problem(error)
        }
    }

    private func exchange(_ call: Call, _ view: MemberView) -> Exchange {
        return Exchange(
            member: member, view: view, caller: caller(of: call, view), request: call.request,
            parameters: call.route.parameters, query: call.query, conditions: call.conditions, workspace: workspace,
            settings: settings)
    }
}
