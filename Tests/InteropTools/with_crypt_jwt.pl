# Crypt::JWT for Perl.
use strict;
use warnings;
use Crypt::JWT qw(decode_jwt encode_jwt);
use JSON::PP qw(decode_json);

my $given = decode_json(do { local $/; <STDIN> });
my $algorithm = $given->{algorithm};
if ($given->{do} eq 'verify') {
    my $claims = decode_jwt(
        token => $given->{token}, kid_keys => $given->{jwks}, accepted_alg => $algorithm, decode_payload => 1, verify_exp => 1);
    print "$claims->{sub}\n";
} else {
    my %header = defined $given->{kid} ? (kid => $given->{kid}) : ();
    utf8::encode(my $claims = $given->{claims});
    print encode_jwt(payload => $claims, key => \$given->{key}, alg => $algorithm, extra_headers => \%header), "\n";
}
