#!/bin/sh
# Checks the evidence in this folder:   sh verify.sh FINGERPRINT [FINGERPRINT...]
# A fingerprint is that of a key of the plant, which the plant gave you on another way than this folder.
# Needs openssl 3, sha256sum and common tools of a shell. README.txt explains every line that it prints.
# Ends with 0: verified; 1: broken; 2: nothing is broken, but not all could be verified.
set -eu
export LC_ALL=C
cd -- "$(dirname -- "$0")"
work=$(mktemp -d)
code=1 # until nothing is left that could be broken; the last line is none that a name in here could write
verdict="BROKEN: do not rely on this folder."
trap 'rm -rf "$work"; test $code = 2 || printf "%s\n" "$verdict"; exit $code' EXIT
say() { printf '%s\n' "$(printf '%s' "$1" | tr -c '[:print:]' '?' | tr '\134' '?')"; } # one line, whatever is in it
fail() { say "BROKEN: $1"; exit 1; }
unverified() { say "NOT VERIFIED: $1"; code=2; exit 2; }
hash() { sha256sum < "$1" | cut -c1-64; }
holds() { openssl pkeyutl -verify -pubin -keyform DER -inkey "$1" -rawin -in "$2" -sigfile "$3" >/dev/null 2>&1; }
signed() { # what $1 is called, its bytes $2, their signature $3: says whose it is, and insists on a trusted key
  signer=
  for key in "$work"/*.key; do if holds "$key" "$2" "$3"; then signer=$(hash "$key"); fi; done
  test "$signer" || fail "$1: no key in keys/ made this signature"
  say "$1: signed by $signer"
  case "$trusted" in
    '' | *"$signer"*) ;;
    *) fail "$1: nothing links that key to the fingerprint that you gave" ;;
  esac
}
openssl version | grep -q '^OpenSSL [3-9]' || unverified "this needs openssl 3 or newer"
trusted=
for given in "$@"; do
  case "$given" in *[!0-9a-fA-F]*) unverified "no fingerprint of 64 digits: $given" ;; esac
  test ${#given} = 64 || unverified "no fingerprint of 64 digits: $given"
  trusted="$trusted $(printf '%s' "$given" | tr A-F a-f)"
done

# 1. Every file is the one that was listed, and there is no other.
told() { tr '\n' ' ' < "$work/said"; }
listed() { sha256sum --quiet --strict -c "$1" > "$work/said" 2>&1 || fail "a file is not the one in $2: $(told)"; }
find . -name '*[![:print:]]*' -o ! -type d ! -type f -o -type d -empty > "$work/said"
if test -s "$work/said"; then fail "a link, an empty folder or an odd name: $(told)"; fi
listed SHA256SUMS SHA256SUMS
cut -c67- SHA256SUMS | sort > "$work/listed"
find . ! -type d | sed 's|^\./||' | grep -vxF -e SHA256SUMS -e SHA256SUMS.sig | sort > "$work/found"
cmp -s "$work/listed" "$work/found" ||
  fail "not in SHA256SUMS: $(comm -13 "$work/listed" "$work/found" | tr '\n' ' ')"

# 2. Keys. From here on a key is known by the fingerprint that is computed from it.
for pem in keys/*; do
  openssl pkey -pubin -in "$pem" -outform DER -out "$work/der" || fail "$pem is no public key"
  mv "$work/der" "$work/$(hash "$work/der").key"
done

# 3. The ledger: each row ends with the hash of the row before. Its fields are set apart by control characters.
count=0 previous=$(printf '%064d' 0)
for row in ledger/*; do
  test "$(tail -c 64 "$row")" = "$previous" || fail "$row does not follow the row before"
  count=$((count + 1)) previous=$(hash "$row")
  tr '\000-\037' '\n' < "$row" >> "$work/rows"
done

# 4. Key after key: the former one signed "rul_platform/key/1", the new key's 32 bytes and its own fingerprint,
#    each with its length before it as 8 bytes. Who trusts the former key can trust the new one.
id='"\([0-9a-f]\{64\}\)"'
sed -n 's/.*"endorsement":"\([0-9a-f]*\)","key_id":'"$id"',"public".*,"replaces":'"$id"'}$/\1 \2 \3/p' \
  "$work/rows" > "$work/endorsed"
while read -r signature new old; do
  test -f "$work/$new.key" || fail "keys/ lacks key $new"
  { printf '\0\0\0\0\0\0\0\022rul_platform/key/1\0\0\0\0\0\0\0\040'; tail -c 32 "$work/$new.key"
    printf '\0\0\0\0\0\0\0\100%s' "$old"; } > "$work/bytes"
  for byte in $(printf '%s' "$signature" | sed 's/../0x& /g'); do printf '%b' "\\0$(printf '%o' "$byte")"; done \
    > "$work/sig"
  holds "$work/$old.key" "$work/bytes" "$work/sig" || fail "key $new: its endorsement by $old"
  say "key $new: endorsed by $old"
  case "$trusted" in *"$old"*) trusted="$trusted $new" ;; esac
done < "$work/endorsed"

# 5. Signatures of a trusted key over the list of files and over the ledger's last row ("@" is its length, 64).
if test -f SHA256SUMS.sig; then signed SHA256SUMS SHA256SUMS SHA256SUMS.sig; fi
anchor=$(tr -s '\000-\037' ' ' < signed/anchor.bytes)
case "$anchor" in " rul_platform/anchor/1 $count @$previous "*) ;; *) fail "another last row was signed" ;; esac
signed "ledger of $count rows, ${anchor##* }" signed/anchor.bytes signed/anchor.sig

# 6. That ledger names the keys before the trusted one: what they signed in their time is good too.
sed '1!G;h;$!d' "$work/endorsed" > "$work/newest_first"
while read -r signature new old; do
  case "$trusted" in *"$new"*) trusted="$trusted $old" ;; esac
done < "$work/newest_first"

# 7. The statement of how the version was made: in a signed envelope, which the ledger names by its manifest.
envelope=signed/provenance.dsse.json
sed 's/.*"payload":"\([^"]*\)".*/\1/' "$envelope" | openssl base64 -d -A > "$work/payload"
sed 's/.*"sig":"\([^"]*\)".*/\1/' "$envelope" | openssl base64 -d -A > "$work/sig"
cmp -s "$work/payload" statement.json || fail "statement.json is not what the envelope holds"
{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < statement.json)"; cat statement.json; } > "$work/bytes"
version=$(sed 's/.*"plant":"\([^"]*\)","version":\([0-9]*\)},"internalParameters".*/\1, version \2/' statement.json)
signed "statement about $version" "$work/bytes" "$work/sig"
grep -qF "\"$(hash $envelope)\"" manifests/provenance.json || fail "manifests/provenance.json lists no such envelope"
grep -qF "{\"envelope\":\"$(hash manifests/provenance.json)\",\"key_id\":\"$signer\",\"number\":${version##* },\
\"sha256\":\"$(hash manifests/model.json)\"}" "$work/rows" || fail "the ledger names no such statement"

# 8. The model: the files that the statement names, each with its hash, and no other. And the gate's report.
sed 's/.*"subject":\[\(.*\)\]}$/\1/' statement.json | grep -o '"sha256":"[0-9a-f]*"},"name":"[^"]*"' |
  sed 's|"sha256":"\(.*\)"},"name":"\(.*\)"|\1  model/\2|; s|  model/manifest$|  manifests/model.json|' > "$work/model"
listed "$work/model" "the statement"
{ cut -c67- "$work/model" | grep '^model/'; } | sort > "$work/listed"
find model ! -type d | sort | cmp -s - "$work/listed" || fail "model/ holds a file that the statement does not name"
say "model: the files that the statement names"
if test -f report.html; then
  grep -qF "{\"sha256\":\"$(hash manifests/report.json)\"},\"name\":\"gate\"" statement.json ||
    fail "manifests/report.json is not the one that the statement names"
  grep -qF "\"report.html\":{\"sha256\":\"$(hash report.html)\"" manifests/report.json ||
    fail "report.html is not the one in its manifest"
fi

if test -z "$trusted"; then
  unverified "nothing is broken, but anybody can make keys. Ask the plant on another way for the fingerprint \
of its key, compare it with those above, and give it: sh verify.sh FINGERPRINT"
elif ! test -f SHA256SUMS.sig; then
  say "VERIFIED IN PART: model/, ledger/, statement.json, report.html. The other files are signed by nobody."
  code=2
else
  code=0 verdict="VERIFIED: all files, against the fingerprint that you gave."
fi
