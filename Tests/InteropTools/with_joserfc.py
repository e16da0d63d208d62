"""joserfc."""
import json
import sys

from joserfc import jws, jwt
from joserfc.jwk import KeySet, import_key

given = json.load(sys.stdin)
algorithm = given["algorithm"]
if given["do"] == "verify":
    token = jwt.decode(given["token"], KeySet.import_key_set(given["jwks"]), algorithms=[algorithm])
    jwt.JWTClaimsRegistry().validate(token.claims)
    print(token.claims["sub"])
else:
    header = {"alg": algorithm} | ({"kid": given["kid"]} if "kid" in given else {})
    kind = {"E": "EC", "R": "RSA", "P": "RSA"}[algorithm[0]] if algorithm != "EdDSA" else "OKP"
    print(jws.serialize_compact(header, given["claims"].encode(), import_key(given["key"], kind), algorithms=[algorithm]))
