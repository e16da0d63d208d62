#!/usr/bin/env bash
# openssl alone (and jq, base64, od to read and write around it).
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
given="$(cat)"

field() { jq --raw-output --exit-status "$1" <<<"$given"; }
encode() { base64 --wrap 0 | tr '+/' '-_' | tr -d =; }
decode() { # base64url
    local text="$1"
    while [ $((${#text} % 4)) != 0 ]; do text+='='; done
    tr -- '-_' '+/' <<<"$text" | base64 --decode
}
hex() { od -An -v -tx1 | tr -d ' \n'; }

algorithm="$(field .algorithm)"
case "$algorithm" in
    ES512) bytes=66 ;;
    ES384) bytes=48 ;;
    *) bytes=32 ;;
esac
case "$algorithm" in
    EdDSA) options=() ;;
    RS*) options=(-"sha${algorithm:2}") ;;
    PS*) options=(-"sha${algorithm:2}" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest) ;;
    ES*) options=(-"sha${algorithm:2}") ;;
esac

# JWS has R and S side by side (RFC 7518 §3.4), openssl a DER sequence of both.
der_of_halves() { # hexadecimal
    printf 'asn1=SEQUENCE:signature\n[signature]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${1:0:$((2 * bytes))}" "${1:$((2 * bytes))}" >"$work/signature.conf"
    openssl asn1parse -genconf "$work/signature.conf" -noout -out /dev/stdout
}
halves_of_der() {
    local part
    openssl asn1parse -inform der | sed -n 's/.*INTEGER *:-\{0,1\}//p' | while read -r part; do
        printf '%*s' "$((2 * bytes))" "$part" | tr ' ' 0
    done
}
bytes_of_hex() { sed 's/../\\x&/g' | { read -r text || true; printf '%b' "$text"; }; }

public_key() { # JWK
    local kty crv n e x y
    IFS=: read -r kty crv n e x y < <(jq --raw-output '[.kty, .crv, .n, .e, .x, .y] | map(. // "") | join(":")' <<<"$1")
    case "$kty" in
        RSA)
            printf 'asn1=SEQUENCE:key\n[key]\nalgorithm=SEQUENCE:rsa\nbits=BITWRAP,SEQUENCE:numbers\n[rsa]\nid=OID:rsaEncryption\nnone=NULL\n[numbers]\nn=INTEGER:0x%s\ne=INTEGER:0x%s\n' \
                "$(decode "$n" | hex)" "$(decode "$e" | hex)"
            ;;
        EC)
            local curve
            case "$crv" in
                P-256) curve=prime256v1 ;;
                P-384) curve=secp384r1 ;;
                P-521) curve=secp521r1 ;;
            esac
            printf 'asn1=SEQUENCE:key\n[key]\nalgorithm=SEQUENCE:ec\nbits=FORMAT:HEX,BITSTRING:04%s%s\n[ec]\nid=OID:id-ecPublicKey\ncurve=OID:%s\n' \
                "$(decode "$x" | hex)" "$(decode "$y" | hex)" "$curve"
            ;;
        OKP) printf 'asn1=SEQUENCE:key\n[key]\nalgorithm=SEQUENCE:okp\nbits=FORMAT:HEX,BITSTRING:%s\n[okp]\nid=OID:ED25519\n' "$(decode "$x" | hex)" ;;
    esac >"$work/key.conf"
    openssl asn1parse -genconf "$work/key.conf" -noout -out "$work/key.der"
    openssl pkey -pubin -inform der -in "$work/key.der" -out "$work/key.pem"
}

verify() {
    local token header kid
    token="$(field .token)"
    header="$(decode "${token%%.*}")"
    [ "$(jq --raw-output .alg <<<"$header")" = "$algorithm" ]
    kid="$(jq --raw-output .kid <<<"$header")"
    if ! jq --raw-output --exit-status '.public_key // empty' <<<"$given" >"$work/key.pem"; then
        public_key "$(jq --exit-status --arg kid "$kid" '.jwks.keys[] | select(.kid == $kid)' <<<"$given")"
    fi
    printf '%s' "${token%.*}" >"$work/signed"
    decode "${token##*.}" >"$work/signature"
    case "$algorithm" in
        ES*)
            der_of_halves "$(hex <"$work/signature")" >"$work/signature.der"
            openssl dgst "${options[@]}" -verify "$work/key.pem" -signature "$work/signature.der" "$work/signed" >&2
            ;;
        EdDSA) openssl pkeyutl -verify -rawin -pubin -inkey "$work/key.pem" -sigfile "$work/signature" -in "$work/signed" >&2 ;;
        *) openssl dgst "${options[@]}" -verify "$work/key.pem" -signature "$work/signature" "$work/signed" >&2 ;;
    esac
    local claims="${token#*.}"
    decode "${claims%.*}" | jq --raw-output --exit-status .sub
}

sign() {
    local signed
    field .key >"$work/key.pem"
    signed="$(jq --compact-output '{alg: .algorithm} + if has("kid") then {kid} else {} end' <<<"$given" | tr -d '\n' | encode)"
    signed+=".$(jq --join-output .claims <<<"$given" | encode)"
    printf '%s' "$signed" >"$work/signed"
    printf '%s.' "$signed"
    case "$algorithm" in
        ES*) openssl dgst "${options[@]}" -sign "$work/key.pem" "$work/signed" | halves_of_der | bytes_of_hex | encode ;;
        EdDSA) openssl pkeyutl -sign -rawin -inkey "$work/key.pem" -in "$work/signed" | encode ;;
        *) openssl dgst "${options[@]}" -sign "$work/key.pem" "$work/signed" | encode ;;
    esac
    printf '\n'
}

"$(field .do)"
