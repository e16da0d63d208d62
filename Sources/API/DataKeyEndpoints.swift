import Cluster
import JOSE
import TrustStore

/// The key under which all secrets of the cluster are sealed. It is never shown.
enum DataKeyEndpoints {
    static let all: [Endpoint] = [
        .post("/1.0/cluster/data-key", .scope(.admin), rotation, reading: NoFields.init) { (exchange, _) async throws(Problem) in
            let requestID = try exchange.requestID
            do throws(ProposeError) {
                try await exchange.member.rotateDataKey(by: exchange.actor, requestID: requestID)
            } catch {
                throw Problem(error)
            }
            return .sync(.object([:]))
        }
    ]

    private static let rotation = EndpointDocument(
        summary: "Give the cluster a new data key and seal every secret under it; each member that there is now can open it, and nobody else")
}

/// A body that says nothing: `{}`, or none at all.
struct NoFields {
    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {}
}
