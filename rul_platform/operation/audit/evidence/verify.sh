#!/bin/sh
# Checks this bundle with openssl and coreutils alone. It ends with "All holds." or with the first thing that
# does not. Compare the key's fingerprint with the one that you were given on another way than this bundle.
set -eu
cd "$(dirname "$0")"
fail() { echo "BROKEN: $1"; exit 1; }
sha256sum --quiet -c SHA256SUMS || fail "a file is not the one that was exported"
for signed in signed/*.bytes; do
  openssl pkeyutl -verify -pubin -inkey "keys/$(cat "${signed%.bytes}.key")" -rawin -in "$signed" \
    -sigfile "${signed%.bytes}.sig" >/dev/null || fail "the signature of $signed"
done
for file in model/*; do
  grep -q "$(sha256sum < "$file" | cut -c1-64)" signed/provenance.bytes || fail "$file is not what was signed"
done
named=$(sed 's/.*"subject":\[\([^]]*\)\].*/\1/' signed/provenance.bytes | grep -o '"name"' | wc -l)
files=$(ls model | wc -l)
test "$named" -eq $((files + 1)) || fail "model/ does not hold the files that were signed"
previous=$(printf '%064d' 0)
for row in ledger/*; do
  test "$(tail -c 64 "$row")" = "$previous" || fail "$row does not follow the row before"
  previous=$(sha256sum < "$row" | cut -c1-64)
done
grep -q "$previous" signed/anchor.bytes || fail "the ledger's last row is not the one that was signed"
for key in keys/*; do echo "key $(openssl pkey -pubin -in "$key" -outform DER | sha256sum | cut -c1-64)"; done
echo "All holds."
