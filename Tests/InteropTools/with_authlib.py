"""Authlib."""
import json
import sys

from authlib.jose import JsonWebKey, JsonWebSignature, JsonWebToken

given = json.load(sys.stdin)
algorithm = given["algorithm"]
if given["do"] == "verify":
    claims = JsonWebToken([algorithm]).decode(given["token"], JsonWebKey.import_key_set(given["jwks"]))
    claims.validate()
    print(claims["sub"])
else:
    header = {"alg": algorithm} | ({"kid": given["kid"]} if "kid" in given else {})
    token = JsonWebSignature([algorithm]).serialize_compact(header, given["claims"].encode(), given["key"])
    print(token.decode())
