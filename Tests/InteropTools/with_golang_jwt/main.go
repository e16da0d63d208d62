// golang-jwt.
package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"

	"github.com/golang-jwt/jwt"
)

type key struct{ Kid, Kty, Crv, N, E, X, Y string }

type task struct {
	Do, Token, Algorithm, Key, Claims string
	Kid                               *string
	JWKS                              struct{ Keys []key }
}

func main() {
	var given task
	err := json.NewDecoder(os.Stdin).Decode(&given)
	var answer string
	if err == nil && given.Do == "verify" {
		answer, err = verify(given)
	} else if err == nil {
		answer, err = sign(given)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(answer)
}

func verify(given task) (string, error) {
	parser := jwt.Parser{ValidMethods: []string{given.Algorithm}}
	claims := jwt.MapClaims{}
	_, err := parser.ParseWithClaims(given.Token, claims, func(token *jwt.Token) (interface{}, error) {
		for _, key := range given.JWKS.Keys {
			if key.Kid == token.Header["kid"] {
				return public(key)
			}
		}
		return nil, errors.New("no such key")
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprint(claims["sub"]), nil
}

// The library would write the claims anew, in its own order and spacing, so it is given what it signs.
func sign(given task) (string, error) {
	block, _ := pem.Decode([]byte(given.Key))
	if block == nil {
		return "", errors.New("no PEM")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "", err
	}
	header := map[string]string{"alg": given.Algorithm}
	if given.Kid != nil {
		header["kid"] = *given.Kid
	}
	text, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	signed := jwt.EncodeSegment(text) + "." + jwt.EncodeSegment([]byte(given.Claims))
	signature, err := jwt.GetSigningMethod(given.Algorithm).Sign(signed, private)
	return signed + "." + signature, err
}

func public(key key) (interface{}, error) {
	switch key.Kty {
	case "RSA":
		return &rsa.PublicKey{N: number(key.N), E: int(number(key.E).Int64())}, nil
	case "OKP":
		return ed25519.PublicKey(octets(key.X)), nil
	}
	curves := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
	curve, isKnown := curves[key.Crv]
	if !isKnown {
		return nil, errors.New("unknown curve " + key.Crv)
	}
	return &ecdsa.PublicKey{Curve: curve, X: number(key.X), Y: number(key.Y)}, nil
}

func octets(text string) []byte {
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return bytes
}

func number(text string) *big.Int { return new(big.Int).SetBytes(octets(text)) }
