#!/usr/bin/env bash
# jose, the command line of the José library. It takes keys as JWK only, so it does not sign here.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
given="$(cat)"

[ "$(jq --raw-output .do <<<"$given")" = verify ]
token="$(jq --raw-output .token <<<"$given")"
# It goes by the key's algorithm; of keys for another one it is to take none.
jq '.algorithm as $algorithm | {keys: [.jwks.keys[] | select(.alg == $algorithm)]}' <<<"$given" >"$work/keys"
printf '%s' "$token" >"$work/token"
jose jws ver --input "$work/token" --key "$work/keys" --detach "$work/claims" >&2
jq --raw-output --exit-status 'if .exp < now then error("expired") else .sub end' "$work/claims"
