import Cluster
import Crypto
import JOSE
import TrustStore

/// The CA of the cluster itself.
enum ClusterAuthorityEndpoints {
    private static let path = "/1.0/cluster/authority"

    static let all: [Endpoint] = [
        .get(path, .scope(.read), EndpointDocument(summary: "The cluster's CA, and in an overlap the former one")) { (exchange) throws(Problem) in
            .sync(try describe(exchange.state))
        },
        .post(path, .scope(.admin), rotation, reading: RotationRequest.init) { (exchange, request) async throws(Problem) in
            let requestID = try exchange.requestID
            do throws(ProposeError) {
                try await exchange.member.rotateAuthority(overlapSeconds: request.overlapSeconds, by: exchange.actor, requestID: requestID)
            } catch {
                throw Problem(error)
            }
            return .sync(try describe(exchange.member.view.state))
        },
        .delete(path + "/former", .scope(.admin), end) { (exchange) async throws(Problem) in
            let requestID = try exchange.requestID
            do throws(ProposeError) {
                try await exchange.member.endAuthorityOverlap(by: exchange.actor, requestID: requestID)
            } catch {
                throw Problem(error)
            }
            return .sync(try describe(exchange.member.view.state))
        },
    ]

    private static let rotation = EndpointDocument(
        summary: "Give the cluster a new CA. Until the overlap ends clients see a certificate of the former one",
        body: [
            .optional(
                "overlap_seconds", .integer,
                "How long, at most \(RotateAuthority.overlapSecondsRange.upperBound). Default: \(RotateAuthority.overlapSecondsDefault).")
        ])

    private static let end = EndpointDocument(summary: "End the overlap now: clients see a certificate of the new CA, and the former CA is forgotten")

    private static func describe(_ state: TrustState) throws(Problem) -> JSON {
        guard let cluster = state.cluster else { throw .unavailable("this member has not learnt yet what its cluster trusts; try again, or ask another member") }
        var object = describe(cluster.caCertificate)
        object["former"] = cluster.formerAuthority.map { former in
            var object = describe(former.certificate)
            object["overlap_ends_at"] = .string(RFC3339.text(former.overlapEndsAt))
            return .object(object)
        } ?? .null
        return .object(object)
    }

    private static func describe(_ authority: [UInt8]) -> JSONObject {
        let certificate = try? Certificate(der: authority)
        return [
            "fingerprint": .string(Hex.encode(SHA256.hash(authority))), "certificate": .string(PEM.encode(label: "CERTIFICATE", authority)),
            "expires_at": certificate.map { .string(RFC3339.text($0.notAfterAt)) } ?? .null,
        ]
    }
}

private struct RotationRequest {
    let overlapSeconds: Int64

    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        overlapSeconds =
            try reader.optionalInteger("overlap_seconds", in: RotateAuthority.overlapSecondsRange) ?? RotateAuthority.overlapSecondsDefault
    }
}
