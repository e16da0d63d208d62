"""python-jose."""
import json
import sys

from jose import jws, jwt

given = json.load(sys.stdin)
algorithm = given["algorithm"]
if given["do"] == "verify":
    # Given the whole set it fails at the first key of another kind; its callers choose by `kid`.
    kid = jwt.get_unverified_header(given["token"])["kid"]
    key = next(key for key in given["jwks"]["keys"] if key["kid"] == kid)
    claims = jwt.decode(given["token"], key, algorithms=[algorithm], options={"verify_aud": False})
    print(claims["sub"])
else:
    headers = {"kid": given["kid"]} if "kid" in given else None
    print(jws.sign(given["claims"].encode(), given["key"], headers=headers, algorithm=algorithm))
