/// `filter=name eq x and type eq client`: the part of Incus's filters that names of certificates need.
struct CertificateFilter {
    private let clauses: [(field: Substring, value: Substring)]

    static let clausesMax = 16

    /// - Parameter text: nil for no filter.
    init(_ text: String?) throws(Problem) {
        var clauses: [(Substring, Substring)] = []
        // A space on either side, so that a name may hold the letters.
        for clause in text.map({ $0.split(separator: " and ", maxSplits: Self.clausesMax) }) ?? [] {
            let words = clause.split(separator: " ", maxSplits: 2)
            guard words.count == 3, words[1] == "eq", ["name", "type", "fingerprint"].contains(words[0]) else {
                throw .badRequest("filter: write \"name eq x\", \"type eq client\" or \"fingerprint eq f\", joined by \" and \"")
            }
            clauses.append((words[0], words[2]))
        }
        guard clauses.count <= Self.clausesMax else { throw .badRequest("filter: at most \(Self.clausesMax) clauses") }
        self.clauses = clauses
    }

    func admits(_ certificate: CertificateDescription) -> Bool {
        clauses.allSatisfy { clause in
            switch clause.field {
            case "name": certificate.name == clause.value
            case "type": certificate.type == clause.value
            default: certificate.fingerprint == clause.value
            }
        }
    }
}
