import Cluster
import Crypto
import EventLoop
import HTTP
import HTTPTypes
import Tokens

/// `/auth/verify`: what a proxy asks before it lets a request through. The one path that is measured
/// against a proxy answering a constant, so it is a plain call that builds bytes and nothing else.
enum ForwardAuth {
    static let path = "/auth/verify"
    /// All it knows. Anything else is refused: a misspelt `scope` in a proxy's configuration must not
    /// become a check that nobody makes.
    static let parameters: Set = ["scope", "audience", "consistency"]

    static let noToken = Problem.notAuthorized(.missing, message: "no bearer token in the Authorization header")

    static func isMeant(by head: HTTPHead) -> Bool {
        head.hasPath(path)
    }

    /// The header lines of an accepted token.
    static func appendFields(_ token: VerifiedToken, to bytes: inout [UInt8]) {
        bytes += "X-Auth-Subject: ".utf8
        HeaderText.append(token.subject, to: &bytes)
        bytes += "\r\nX-Auth-Scopes: ".utf8
        for (position, scope) in token.scopes.names.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: " ")) }
            HeaderText.append(scope, to: &bytes)
        }
        bytes += "\r\nX-Auth-Method: ".utf8
        bytes += token.method.rawValue.utf8
        bytes += "\r\nX-Auth-Token-Id: ".utf8
        HeaderText.append(token.tokenID, to: &bytes)
        bytes += "\r\n".utf8
    }
}

extension APIHandler {
    func forwardAuth(_ request: IncomingRequest) -> Reply {
        let head = request.head
        let label = requestLabel(head)
        let view = member.view
        do throws(Problem) {
            guard head.method == .get || head.method == .head || head.method == .post else {
                throw .methodNotAllowed(["GET", "HEAD", "POST"])
            }
            if head.queryRange == nil && head.range(of: .credenceMinIndex) == nil {
                return .now(try vouch(request, Expectation(), view, label))
            }
            let query = try QueryParameters(head)
            try query.requireOnly(ForwardAuth.parameters)
            let conditions = try Conditions(head, query)
            let expectation = Expectation(scope: try query.value("scope"), audience: try query.value("audience"))
            if conditions.areMet(by: view) { return .now(try vouch(request, expectation, view, label)) }
            // Waiting is for those who hold something that looks like a token, and not at will: who
            // waits holds a place that others need.
            guard let authorization = head.authorizationRange,
                BearerToken.range(in: authorization, of: head.bytes.span) != nil
            else { throw ForwardAuth.noToken }
            if !request.connection.isUnix { try limitStrangers(request) }
            return .later { await self.forwardAuthLater(request, conditions, expectation, label) }
        } catch {
            return .now(encode(error, for: request, label: label, caller: nil, view: view))
        }
    }

    private func forwardAuthLater(
        _ request: IncomingRequest, _ conditions: Conditions, _ expectation: Expectation, _ label: RequestLabel
    ) async -> OutgoingResponse {
        do throws(Problem) {
            try await wait(for: conditions)
            return try vouch(request, expectation, member.view, label)
        } catch {
            return encode(error, for: request, label: label, caller: nil, view: member.view)
        }
    }

    private func vouch(
        _ request: IncomingRequest, _ expectation: Expectation, _ view: MemberView, _ label: RequestLabel
    ) throws(Problem) -> OutgoingResponse {
        let head = request.head
        let bytes = head.bytes.span
        guard let authorization = head.authorizationRange,
            let token = BearerToken.range(in: authorization, of: bytes)
        else { throw ForwardAuth.noToken }
        let workspace = workspace.value
        let (verdict, freshness) = member.vouch(
            bytes.extracting(token), in: view, expecting: bound(expectation, to: request), cache: workspace.signatures)
        settings.counters.judged(verdict)
        switch verdict {
        case .accepted(let accepted):
            settings.counters.answered(status: 200)
            var fields = commonFields(view, label: label, freshness)
            workspace.vouchedLines.append(accepted, to: &fields)
            if let warning = StalenessWarning(freshness) { fields += warning.line }
            return OutgoingResponse(status: .ok, preencodedFields: fields)
        case .rejected(let reason, _):
            throw Self.problem(reason, expectation)
        }
    }

    /// A bound token is good only over TLS with its certificate (RFC 8705 §3).
    private func bound(_ expectation: Expectation, to request: IncomingRequest) -> Expectation {
        guard let certificate = request.connection.clientCertificate else { return expectation }
        var bound = expectation
        bound.clientCertificateThumbprint = certificate.fingerprint
        return bound
    }

    /// 401 for a token that is no good, 403 for a good one that does not reach, 503 when this member
    /// cannot tell.
    private static func problem(_ reason: RejectionReason, _ expectation: Expectation) -> Problem {
        var problem: Problem
        switch reason {
        case .memberStale:
            problem = .memberStale
        case .insufficientScope:
            problem = .notAuthorized(.insufficientScope(needed: expectation.scope ?? ""), message: reason.rawValue)
        case .audienceMismatch:
            problem = Problem(.forbidden, reason.rawValue)
        default:
            problem = .notAuthorized(
                .invalidToken(hint: reason.isDisclosable ? reason.rawValue : nil), message: reason.disclosed)
        }
        problem.detail = reason.rawValue
        return problem
    }
}
