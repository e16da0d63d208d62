import Cluster
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import TrustStore

enum ClusterEndpoints {
    static let all: [Endpoint] = usual + upcoming

    #if CREDENCE_NEXT
    private static let upcoming: [Endpoint] = [
        .post("/1.0/cluster/note", .scope(.admin), EndpointDocument(summary: "A command of the next feature level", body: []), reading: NoteRequest.init) {
            (exchange, request) async throws(Problem) in
            _ = try await exchange.propose(.note(request.text))
            return .sync(.object([:]))
        }
    ]
    #else
    private static let upcoming: [Endpoint] = []
    #endif

    private static let usual: [Endpoint] = [
        .get("/1.0/cluster", .scopeOrRestricted(.read), EndpointDocument(summary: "Whether this server is clustered (it always is)")) {
            (exchange) throws(Problem) in
            let configuration: JSON = .array([])
            return Answer.sync(
                .object([
                    "server_name": .string(exchange.member.name), "enabled": true, "member_config": configuration,
                ])
            ).with(.eTag, EntityTag.of(configuration))
        },
        .post("/1.0/cluster/members", .scope(.admin), joinTokenDocument, reading: JoinTokenRequest.init) {
            (exchange, request) async throws(Problem) in
            let grant = try await exchange.createJoinToken(for: request.serverName)
            let operation = TokenOperation(grant, location: exchange.member.name)
            return .operation(operation.json, at: operation.url)
        },
        .getWaiting("/1.0/cluster/status", .scope(.read), EndpointDocument(summary: "The log and every member, as seen here")) {
            (exchange) async throws(Problem) in
            .sync((await exchange.member.status()).json)
        },
        .post("/1.0/cluster/leader", .scope(.admin), leaderDocument, reading: LeaderRequest.init) {
            (exchange, request) async throws(Problem) in
            do throws(TransferError) {
                return .sync(["leader": .string(try await exchange.member.transferLeadership(to: request.member))])
            } catch {
                throw Problem(error)
            }
        },
        .post("/1.0/cluster/heal", .scope(.admin), healDocument, reading: HealRequest.init) {
            (exchange, _) async throws(Problem) in
            do throws(HealError) {
                try await exchange.member.heal()
            } catch {
                throw Problem(error)
            }
            return .sync(.object([:]))
        },
        .postJSON("/1.0/cluster/join", .open, joinDocument, parsing: JoinRequest.init(json:)) {
            (exchange, request) async throws(Problem) in
            try exchange.limitStrangers()
            return .sync(try await exchange.redeem(request))
        },
    ]

    private static let joinTokenDocument = EndpointDocument(
        summary: "Make a join token for a new member, as an operation of class token",
        body: [.required("server_name", .string, "The name the new member will have.")],
        unknownMembers: .ignored, statuses: [202])

    private static let leaderDocument = EndpointDocument(
        summary: "Hand leadership over; answers when the new leader is known",
        body: [.optional("member", .string, "A voter's name. Default: the one that is furthest along.")],
        statuses: [200, 404, 409, 503])

    private static let healDocument = EndpointDocument(
        summary: "Replace the log and the state of the member that is asked by its leader's snapshot",
        body: [], statuses: [200, 409, 503])

    private static let joinDocument = EndpointDocument(
        summary: "Redeem a join token; for members that join, not for people. The token's secret in the body is the credential",
        body: [], statuses: [200, 403, 429])
}

extension EndpointDocument.Parameter {
    static let recursion = Self(name: "recursion", summary: "1 for objects instead of URLs.")
}

struct LeaderRequest {
    let member: String?

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        member = try reader.optionalString("member")
    }
}

#if CREDENCE_NEXT
struct NoteRequest {
    let text: String

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        text = try reader.string("text")
    }
}
#endif

struct HealRequest {
    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {}
}

struct JoinTokenRequest {
    let serverName: String

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        serverName = try reader.string("server_name", min: 1)
    }
}

extension Exchange {
    fileprivate func createJoinToken(for name: String) async throws(Problem) -> JoinTokenGrant {
        // Apply checks these again; here they answer at once, and on a member without a leader too.
        guard MemberName.isValid(name) else {
            throw .badRequest(
                "Invalid cluster member name: it must be 1 to \(MemberName.lengthMax) visible ASCII characters, start "
                    + "and end with a letter or digit, and contain none of $ ? & + \" ' ` * /")
        }
        if state.member(named: name) != nil {
            throw .conflict("The cluster already has a member with name: \(name)")
        }
        let requestID = try requestID
        do throws(ProposeError) {
            return try await member.createJoinToken(for: name, by: actor, requestID: requestID)
        } catch {
            throw Problem(error)
        }
    }

    fileprivate func redeem(_ request: JoinRequest) async throws(Problem) -> JSON {
        do throws(ProposeError) {
            let address = self.request.connection.peerAddress.map { "\($0)" }
            return try await member.redeemJoinToken(request, from: address).json
        } catch {
            throw Problem(error)
        }
    }
}
