import FoundationEssentials
import JOSE
import Testing

extension ClusterTests {
    /// CAs and lists made by the `openssl` command, clients that connect with curl.
    @Suite("Authorities")
    struct AuthorityTests {
        /// A root, a CA below it, a client's certificate, and files with what the client sends.
        static let script = """
            set -e
            cd "$1"
            key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; }
            ids='subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid:always\\n'
            ca='basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n'
            printf '[req]\\ndistinguished_name=dn\\nprompt=no\\nx509_extensions=v3\\n[dn]\\nCN=root\\n[v3]\\n'"$ca$ids" > root.cnf
            key root; openssl req -x509 -new -config root.cnf -key root.key -days 30 -out root.pem
            issue() {
                printf "$3$ids" > $1.ext; key $1; openssl req -new -key $1.key -subj /CN=$1 -out $1.csr
                openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -set_serial 0x$(openssl rand -hex 15) -days 20 -extfile $1.ext -out $1.pem
            }
            issue below root "$ca"
            issue ci below 'basicConstraints=critical,CA:FALSE\\nkeyUsage=critical,digitalSignature\\nextendedKeyUsage=clientAuth\\n'
            cat ci.pem below.pem > chain.pem
            """

        /// One entry for the client, if it is to be revoked, and as many for others.
        static let listScript = """
            set -e
            cd "$1"
            serial() { openssl x509 -noout -serial -in $1.pem | cut -d= -f2; }
            seq 1 $4 | awk '{ printf "R\\t491231235959Z\\t200101000000Z\\t%030X\\tunknown\\t/CN=x\\n", $1 + 4096 }' > index
            if [ "$3" = revoked ]; then printf 'R\\t491231235959Z\\t200101000000Z\\t%s\\tunknown\\t/CN=x\\n' $(serial ci) >> index; fi
            echo $5 > number
            printf '[ca]\\ndefault_ca=own\\n[own]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha256\\ncrl_extensions=crl\\n[crl]\\nauthorityKeyIdentifier=keyid:always\\n' > ca.cnf
            openssl ca -gencrl -config ca.cnf -keyfile $2.key -cert $2.pem -crldays 7 -out $2.crl.pem
            openssl crl -in $2.crl.pem -outform DER -out $2.crl
            """

        static func shell(_ script: String, _ arguments: String...) async throws {
            let done = try await Command.run("bash", ["-c", script, "make"] + arguments)
            guard done.exitCode == 0 else { throw TestFailure("openssl: \(done.transcript)") }
        }

        @Test("a client that sends its chain is trusted on every member, until a long list that names it is in force; the cluster's own list is one everywhere")
        func everywhere() async throws {
            try await withCluster { cluster in
                let members = await cluster.members, directory = cluster.directory
                try await Self.shell(Self.script, directory)
                let fingerprint = try await Command.run("sh", ["-c", "openssl x509 -in \(directory)/root.pem -outform DER | sha256sum | cut -d' ' -f1"]).line
                let below = try await Command.run("sh", ["-c", "openssl x509 -in \(directory)/below.pem -outform DER | sha256sum | cut -d' ' -f1"]).line
                let whole = ["--cert", "\(directory)/chain.pem", "--key", "\(directory)/ci.key"]
                let leafOnly = ["--cert", "\(directory)/ci.pem", "--key", "\(directory)/ci.key"]
                func auth(_ member: Member, _ options: [String]) async throws -> JSON? {
                    try await member.call("GET", "/1.0", options: options).metadata["auth"]
                }
                #expect(try await members[0].operate("authority", "add", "\(directory)/root.pem").exitCode == 0)
                for member in members {
                    _ = try await eventually("\(member.name) trusts the client") { try await auth(member, whole) == "trusted" ? true : nil }
                    #expect(try await auth(member, leafOnly) == "untrusted", "nobody fetches what is missing")
                }
                #expect(try await members[1].operate("authority", "add", "\(directory)/below.pem").exitCode == 0)
                try await Self.shell(Self.listScript, directory, "root", "good", "3", "01")
                #expect(try await members[0].operate("authority", "import-crl", fingerprint, "\(directory)/root.crl").exitCode == 0)
                try await Self.shell(Self.listScript, directory, "below", "good", "5", "01")
                #expect(try await members[1].operate("authority", "import-crl", below, "\(directory)/below.crl.pem").exitCode == 0)
                for member in members {
                    _ = try await eventually("\(member.name) trusts the client, whom no list names") { try await auth(member, leafOnly) == "trusted" ? true : nil }
                }
                try await Self.shell(Self.listScript, directory, "below", "revoked", "60000", "02")
                let imported = try await members[2].operate("authority", "import-crl", below, "\(directory)/below.crl")
                #expect(imported.exitCode == 0, "\(imported.transcript)")
                for member in members {
                    _ = try await eventually("\(member.name) refuses the client") { try await auth(member, whole) == "untrusted" ? true : nil }
                    #expect(try await member.callLocally("GET", "/1.0/crls").metadata.encodedString.contains("60001"))
                }
                let older = try await members[0].operate("authority", "import-crl", fingerprint, "\(directory)/below.crl")
                #expect(older.exitCode != 0 && older.transcript.contains("issuer"))
                try await checkClusterList(members, directory)
            }
        }

        private func checkClusterList(_ members: [Member], _ directory: String) async throws {
            let issued = try await members[1].operate("trust", "issue", "--name", "ci", "--csr", "\(directory)/ci.csr", "--out", "\(directory)/issued.pem")
            #expect(issued.exitCode == 0, "\(issued.transcript)")
            let hash = try await Command.run("sh", ["-c", "openssl x509 -in \(directory)/issued.pem -outform DER | sha256sum | cut -d' ' -f1"]).line
            #expect(try await members[2].operate("revoke", "certificate", hash).exitCode == 0)
            let serial = try await Command.run("sh", ["-c", "openssl x509 -noout -serial -in \(directory)/issued.pem | cut -d= -f2"]).line
            var lists: Set<String> = []
            for member in members {
                lists.insert(
                    try await eventually("\(member.name) serves a list with the certificate") {
                        let file = "\(directory)/\(member.name).crl"
                        _ = try await member.call("GET", "/crl/cluster.crl", options: ["-o", file])
                        let text = try await Command.run("sh", ["-c", "openssl crl -inform DER -noout -text -in \(file); sha256sum < \(file)"])
                        return text.output.contains(serial) ? String(text.output.split(separator: "\n").last ?? "") : nil
                    })
            }
            #expect(lists.count == 1, "byte for byte the same")
        }
    }
}
