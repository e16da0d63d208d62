import Cluster
import EventLoop
import Raft
import Tokens

/// What one request loop keeps between requests. Never leaves its loop.
final class Workspace {
    let signatures = SignatureCache()
    let statusLists = StatusListCache()
    let paths = PathCache()
    /// For those who ask about tokens, or try to join, without a credential.
    var strangers: RequestRateLimit
    private let requestPrefix: String
    private var requestsSeen: UInt64 = 0
    private var memberField: (index: LogIndex, bytes: [UInt8])?

    /// - Parameter requestPrefix: tells apart the request ids of different loops and runs.
    init(strangers: RequestRateLimit.Settings, requestPrefix: String) {
        self.strangers = RequestRateLimit(strangers)
        self.requestPrefix = requestPrefix
    }

    /// The header line with the member's name, which only an entry of the log changes.
    func memberField(of member: Member, at index: LogIndex) -> [UInt8] {
        if let memberField, memberField.index == index { return memberField.bytes }
        let bytes = Array("Credence-Member: \(HeaderText.escaped(member.name))\r\n".utf8)
        memberField = (index, bytes)
        return bytes
    }

    func nextRequestID() -> String {
        requestsSeen += 1
        return "\(requestPrefix)-\(requestsSeen)"
    }
}
