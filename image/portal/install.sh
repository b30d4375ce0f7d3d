#!/bin/sh
# Unpacks IBKR's Client Portal Gateway for the image below OUT: gets the zip, and checks it.
#   install.sh FOLDER OUT
# FOLDER may hold the zip (*.zip, one); without one it is downloaded. What is wanted says the environment:
#   PORTAL_SHA256   the zip's checksum, 64 hexadecimal digits
#   PORTAL_URL      another address to download from
set -eu

folder=${1:?usage: install.sh FOLDER OUT} out=${2:?usage: install.sh FOLDER OUT}
gateway=$out/srv/clientportal.gw

fail() {
    echo "install.sh: $*" >&2
    exit 65
}

zip=
for file in "$folder"/*.zip; do
    [ -e "$file" ] || continue
    [ -z "$zip" ] || fail "two archives: $zip and $file; leave one"
    zip=$file
done
if [ -z "$zip" ]; then
    address=${PORTAL_URL:-https://download2.interactivebrokers.com/portal/clientportal.gw.zip}
    zip=$(mktemp -d)/clientportal.gw.zip
    echo "Downloading $address"
    wget --no-verbose --output-document "$zip" "$address" || fail "cannot download $address: put the zip into image/portal/, or name another address in PORTAL_URL"
fi

sum=$(sha256sum "$zip" | cut -d ' ' -f 1)
[ -n "${PORTAL_SHA256:-}" ] || fail "PORTAL_SHA256 is missing: $(basename "$zip") has $sum; compare it with the one that IBKR or you know, and pass that"
[ "$sum" = "$PORTAL_SHA256" ] || fail "$(basename "$zip") has the SHA-256 $sum, not $PORTAL_SHA256: another version, or not IBKR's"

mkdir -p "$gateway"
unzip -q "$zip" -d "$gateway"
[ -d "$gateway/dist" ] && [ -e "$gateway/root/conf.yaml" ] || fail "$(basename "$zip") holds no dist and root/conf.yaml: not the Client Portal Gateway"
# Readable for every user, and changed by none.
chown -R 0:0 "$gateway"
chmod -R u=rwX,go=rX "$gateway"
