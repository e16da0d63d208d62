# ruby-jwt.
require "json"
require "jwt"

# Claims as they are: the library would write them anew, in its own spacing.
Verbatim = Struct.new(:text) do
  def to_json(*)
    text
  end
end

given = JSON.parse($stdin.read)
algorithm = given["algorithm"]
if given["do"] == "verify"
  keys = JWT::JWK::Set.new(given["jwks"]) if defined?(JWT::JWK::Set)
  claims, = JWT.decode(given["token"], nil, true, algorithms: [algorithm], jwks: keys || given["jwks"])
  puts claims.fetch("sub")
else
  header = given.key?("kid") ? { "kid" => given["kid"] } : {}
  puts JWT.encode(Verbatim.new(given["claims"]), OpenSSL::PKey.read(given["key"]), algorithm, header)
end
