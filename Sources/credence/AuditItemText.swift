import Cluster
import Crypto
import JOSE

/// An entry as a member or an export writes it, with the bytes that its hash is made from.
struct AuditItemText: Equatable {
    let index: Int64
    let term: Int64
    let kind: Int64
    let bytes: [UInt8]
    let chain: [UInt8]
    /// Where the stretch stands that begins with this entry.
    var base: Base?

    struct Base: Equatable {
        let index: Int64
        let chain: [UInt8]
    }

    func take(into check: inout AuditCheck) throws(AuditFault) {
        if let base { try check.begin(at: base.index, chain: base.chain) }
        try check.take(self)
    }

    /// Of a page with `raw=1`; nil for anything else.
    static func list(_ page: JSON) -> [AuditItemText]? {
        let entries = page["entries"]?.arrayValue ?? []
        var texts: [AuditItemText] = []
        for entry in entries {
            guard let index = entry["index"]?.integerValue, let term = entry["term"]?.integerValue,
                let kind = entry["raw"]?["kind"]?.integerValue, let bytes = entry["raw"]?["bytes"]?.stringValue.flatMap({ Base64.decode($0) }),
                let chain = entry["chain"]?.stringValue.flatMap({ Hex.decode($0) })
            else { return nil }
            texts.append(AuditItemText(index: index, term: term, kind: kind, bytes: bytes, chain: chain))
        }
        guard !texts.isEmpty else { return [] }
        guard let index = page["base"]?["index"]?.integerValue, let chain = page["base"]?["chain"]?.stringValue.flatMap({ Hex.decode($0) })
        else { return nil }
        texts[0].base = Base(index: index, chain: chain)
        return texts
    }
}
