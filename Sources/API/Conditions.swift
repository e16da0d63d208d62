import Cluster
import EventLoop
import HTTP
import HTTPTypes
import Raft

/// What a request demands of the view it is answered from, and how long it will wait for it.
struct Conditions: Sendable, Equatable {
    /// `Credence-Min-Index`: the answer must come from this index or a later one.
    var minIndex: LogIndex?
    /// `?consistency=linearizable` on a GET: ask the leader first.
    var isLinearizable = false
    /// `Credence-Timeout`: also how long a write waits for a leader.
    var timeout = Conditions.timeoutDefault

    static let timeoutDefault: Duration = .seconds(5)
    static let timeoutMax: Duration = .seconds(60)
    static let none = Conditions()

    private init() {}

    init(_ head: HTTPHead, _ query: QueryParameters) throws(Problem) {
        for name in [HTTPField.Name.credenceMinIndex, .credenceTimeout] where head.count(of: name) > 1 {
            throw .badRequest("header \(name.rawName) is given more than once")
        }
        if let text = head.value(of: .credenceMinIndex) {
            guard let index = UInt64(text), text.utf8.first != UInt8(ascii: "+"), index <= LogIndex.max.rawValue else {
                throw .badRequest("header Credence-Min-Index must be a log index, a whole number")
            }
            minIndex = LogIndex(index)
        }
        if let text = head.value(of: .credenceTimeout) {
            timeout = try Self.parseTimeout(text)
        }
        switch try query.value("consistency") {
        case nil, "local": break
        case "linearizable": isLinearizable = head.method == .get || head.method == .head
        default: throw .badRequest("query parameter consistency must be local or linearizable")
        }
    }

    /// Seconds, or with a unit: `5`, `5s`, `250ms`. At most a minute: a waiting request holds memory.
    static func parseTimeout(_ text: String) throws(Problem) -> Duration {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let unit = text.dropFirst(digits.count)
        guard digits.utf8.count <= 9, let amount = Int64(digits), ["", "s", "ms"].contains(unit) else {
            throw .badRequest("header Credence-Timeout must be seconds (5 or 5s) or milliseconds (250ms)")
        }
        let timeout: Duration = unit == "ms" ? .milliseconds(amount) : .seconds(amount)
        guard timeout <= timeoutMax else { throw .badRequest("header Credence-Timeout must be at most 60 seconds") }
        return timeout
    }

    /// Whether `view` already is what was asked for.
    func areMet(by view: MemberView) -> Bool {
        !isLinearizable && (minIndex.map { view.index >= $0 } ?? true)
    }
}

extension HTTPField.Name {
    static let credenceMember = Self("Credence-Member")!
    static let credenceIndex = Self("Credence-Index")!
    static let credenceAge = Self("Credence-Age")!
    static let credenceMinIndex = Self("Credence-Min-Index")!
    static let credenceTimeout = Self("Credence-Timeout")!
    static let requestID = Self("X-Request-Id")!
    static let warning = Self("Warning")!
    static let idempotencyKey = Self("Idempotency-Key")!
    static let secFetchSite = Self("Sec-Fetch-Site")!
}
