package import Raft

/// Whose files these are. A file of another cluster or member is refused before anything is read from it.
package struct StoreIdentity: Sendable, Equatable {
    /// 32 lower hexadecimal digits.
    package let clusterID: String
    package let memberID: MemberID

    package init(clusterID: String, memberID: MemberID) {
        self.clusterID = clusterID
        self.memberID = memberID
    }
}
