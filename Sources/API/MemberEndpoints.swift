import Cluster
import HTTP
import HTTPTypes
import HashTreeCollections
import JOSE
import Raft
import TrustStore

/// The members of the cluster, as clients of Incus know them (docs/incus.md, "Members").
enum MemberEndpoints {
    private static let path = "/1.0/cluster/members"

    static let all: [Endpoint] = [
        .getWaiting(path, .scopeOrRestricted(.read), listing) { (exchange) async throws(Problem) in
            let members = exchange.membersByName
            guard try exchange.isRecursive else {
                return .sync(.strings(members.map { "\(path)/\($0.name)" }))
            }
            let status = await exchange.member.status()
            return .sync(.array(members.map { MemberDescription(record: $0, status: status).json }))
        },
        .getWaiting("\(path)/{name}", .scopeOrRestricted(.read), EndpointDocument(summary: "One member")) {
            (exchange) async throws(Problem) in
            let record = try exchange.memberOfPath()
            let description = MemberDescription(record: record, status: await exchange.member.status())
            return Answer.sync(description.json).with(.eTag, exchange.entityTag(of: record, isVoter: description.isVoter))
        },
        .put("\(path)/{name}", .scope(.admin), replacement, reading: MemberBody.init) { (exchange, body) async throws(Problem) in
            guard body.roles != nil || body.role != nil, body.groups != nil else {
                throw .badRequest("a PUT holds all of the member: roles and groups are missing; to change one thing, use PATCH")
            }
            return try await exchange.changeMember(body, isWhole: true)
        },
        .patch("\(path)/{name}", .scope(.admin), change, reading: MemberBody.init) { (exchange, body) async throws(Problem) in
            try await exchange.changeMember(body, isWhole: false)
        },
        .post("\(path)/{name}", .scope(.admin), renaming, reading: MemberRename.init) { (exchange, body) async throws(Problem) in
            let record = try exchange.memberOfPath()
            _ = try await exchange.propose(
                .changeMember(ChangeMember(record.id, expectedVersion: try await exchange.expectedVersion(of: record), name: body.name)))
            return .created(.null, location: "\(path)/\(body.name)")
        },
        .delete("\(path)/{name}", .scope(.admin), removal) { (exchange) async throws(Problem) in
            let record = try exchange.memberOfPath()
            let version = try await exchange.expectedVersion(of: record)
            let requestID = try exchange.requestID
            do throws(RemovalError) {
                try await exchange.member.removeMember(record.id, expectedVersion: version, by: exchange.actor, requestID: requestID)
            } catch {
                throw Problem(error)
            }
            return .sync(.object([:]))
        },
    ]

    private static let listing = EndpointDocument(
        summary: "The members, as URLs or as objects", query: [.recursion])

    private static let members: [EndpointDocument.Field] = [
        .optional("role", .string, "voter, replica, or automatic: a voter when one is needed."),
        .optional("roles", .strings, "As Incus has it: with database the member is to vote, without it to be a replica."),
        .optional("description", .string, "For people."),
        .optional("failure_domain", .string, "For people. Default: default."),
        .optional("addresses", .strings, "HOST:PORT, where it is reached, the preferred one first."),
        .optional("config", .object, "Empty."),
        .optional("groups", .strings, "default."),
    ]

    private static let replacement = EndpointDocument(
        summary: "Replace what can be changed of a member; role and addresses stay when they are absent", body: members,
        unknownMembers: .ignored, statuses: [200, 404, 412])

    private static let change = EndpointDocument(
        summary: "Change what is named of a member", body: members, unknownMembers: .ignored, statuses: [200, 404, 412])

    private static let renaming = EndpointDocument(
        summary: "Give a member another name", body: [.required("server_name", .string, "The new name.")], unknownMembers: .ignored,
        statuses: [201, 404, 409, 412])

    private static let removal = EndpointDocument(
        summary: "Remove a member, also a dead one and the leader; answers when its key opens nothing any more. Refused when too few voters would be within reach",
        statuses: [200, 404, 409, 503])
}

extension Exchange {
    var membersByName: [MemberRecord] {
        state.members.values.sorted { $0.name < $1.name }
    }

    fileprivate func memberOfPath() throws(Problem) -> MemberRecord {
        guard let record = state.member(named: parameter("name")) else { throw .notFound("Cluster member not found") }
        return record
    }

    /// What GET shows besides the record is whether the member votes, which changes without an entry for the record.
    fileprivate func entityTag(of record: MemberRecord, isVoter: Bool) -> String {
        "\"\(record.version.rawValue)-\(isVoter ? "voter" : "replica")\""
    }

    fileprivate func expectedVersion(of record: MemberRecord) async throws(Problem) -> LogIndex? {
        guard let given = request.head.value(of: .ifMatch), given != "*" else { return nil }
        let now = entityTag(of: record, isVoter: await isVoter(record))
        func bare(_ tag: String) -> String { tag.filter { $0 != "\"" } }
        guard bare(given) == bare(now) else {
            throw Problem(.preconditionFailed, "ETag doesn't match: \(bare(now)) vs \(HeaderText.escaped(bare(given)))")
        }
        return record.version
    }

    private func isVoter(_ record: MemberRecord) async -> Bool {
        await member.status().members.first { $0.id == record.id }?.role == .voter
    }

    /// - Parameter isWhole: PUT, where what is absent becomes empty.
    fileprivate func changeMember(_ body: MemberBody, isWhole: Bool) async throws(Problem) -> Answer {
        try body.checkRest()
        let record = try memberOfPath()
        let version = try await expectedVersion(of: record)
        let role = try body.wish(isVoter: await isVoter(record))
        if role == .replica, let obstacle = await member.obstacle(toDemoting: record.id) { throw .conflict(obstacle) }
        let change = ChangeMember(
            record.id, expectedVersion: version, addresses: body.addresses, role: role,
            // Who says in so many words what a member is to be wants it to stay.
            isLeaving: body.role != nil && record.isLeaving ? false : nil, summary: body.summary ?? (isWhole ? "" : nil),
            failureDomain: body.failureDomain ?? (isWhole ? MemberRecord.failureDomainDefault : nil))
        _ = try await propose(.changeMember(change))
        return .sync(.object([:]))
    }
}
