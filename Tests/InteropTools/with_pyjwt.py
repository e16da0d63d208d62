"""PyJWT."""
import json
import sys

import jwt
from jwt.api_jws import PyJWS

given = json.load(sys.stdin)
if given["do"] == "verify":
    kid = jwt.get_unverified_header(given["token"])["kid"]
    key = next(key for key in jwt.PyJWKSet.from_dict(given["jwks"]).keys if key.key_id == kid)
    # The audience is not what is tried here.
    print(jwt.decode(given["token"], key.key, algorithms=[given["algorithm"]], options={"verify_aud": False})["sub"])
else:
    headers = {"kid": given["kid"]} if "kid" in given else None
    print(PyJWS().encode(given["claims"].encode(), given["key"], given["algorithm"], headers))
