/// A self-signed certificate over an RSA key of 1,024 bits, such as no kept tool makes any more; its private key is gone.
enum WeakCertificate {
    static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIB/DCCAWWgAwIBAgIUZQ2pTRB11+8rdVgdjuvJc4locDgwDQYJKoZIhvcNAQEL
        BQAwDzENMAsGA1UEAwwEd2VhazAgFw0yNjExMjYxODEyMTRaGA8yMTAwMTAyOTE4
        MTIxNFowDzENMAsGA1UEAwwEd2VhazCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkC
        gYEAopWhBwfemhPOFawVC3HTZjrNlMk3+c+AQL3IGwimxqZXcgWlGyuPepgtJu/A
        3rojjTc1qjT6P/e2PeoYPec4RFi7ZsmA08VaGg+SAEoJicfC1yt2nAIYoDn/sKW1
        g0i52zC6ZGjHcq8RmemA8XyG+xgpoNuaBsICqRZqAS6jyoUCAwEAAaNTMFEwHQYD
        VR0OBBYEFOlVl2q3+RHQiORPblulYAo+KU/wMB8GA1UdIwQYMBaAFOlVl2q3+RHQ
        iORPblulYAo+KU/wMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEA
        RysDhp/pDKySrK/mMa7cl/TDe1KGjabpYqOTYCQTzB8FXqZGZwvga2qqTsBWhrGU
        L8uRJ5BSKC7IRQR/pPsDdYAbPvKNRZA4+6WqHnfMqzPQKJVAuMSpPmaUHiG12PmB
        4ufoGwJvGYMu4E8NEMOjExNuBPqoCND9Cwx5mf/IUnY=
        -----END CERTIFICATE-----

        """
}
