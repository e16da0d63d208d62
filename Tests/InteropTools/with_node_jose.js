// jose for Node.
const jose = require("jose");
const { readFileSync } = require("fs");
const { createPrivateKey } = require("crypto");

async function main() {
  const given = JSON.parse(readFileSync(0, "utf8"));
  if (given.do === "verify") {
    const keys = jose.createLocalJWKSet(given.jwks);
    const { payload } = await jose.jwtVerify(given.token, keys, { algorithms: [given.algorithm] });
    return payload.sub;
  }
  const header = { alg: given.algorithm };
  if (given.kid !== undefined) header.kid = given.kid;
  const claims = new TextEncoder().encode(given.claims);
  return new jose.CompactSign(claims).setProtectedHeader(header).sign(createPrivateKey(given.key));
}

main().then(console.log, (error) => {
  console.error(String(error));
  process.exit(1);
});
