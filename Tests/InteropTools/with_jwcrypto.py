"""jwcrypto."""
import json
import sys

from jwcrypto import jwk, jws, jwt

given = json.load(sys.stdin)
algorithm = given["algorithm"]
if given["do"] == "verify":
    keys = jwk.JWKSet.from_json(json.dumps(given["jwks"]))
    token = jwt.JWT(jwt=given["token"], key=keys, algs=[algorithm])
    print(json.loads(token.claims)["sub"])
else:
    header = {"alg": algorithm} | ({"kid": given["kid"]} if "kid" in given else {})
    token = jws.JWS(given["claims"].encode())
    token.add_signature(jwk.JWK.from_pem(given["key"].encode()), None, json.dumps(header), None)
    print(token.serialize(compact=True))
