#!/bin/sh
# Installs IB Gateway or TWS for the image: gets the installer, checks it, runs it without questions, and lays what it
# installed out below OUT as it is to stand in the image.
#   install.sh FOLDER OUT
# FOLDER may hold the installer (*.sh, one); without one it is downloaded. What is wanted says the environment:
#   GATEWAY_PROGRAM   ibgateway or tws
#   GATEWAY_CHANNEL   stable or latest: what is downloaded
#   GATEWAY_VERSION   names the program's folder, such as 10.45.1j: TWS_MAJOR_VRSN picks it
#   GATEWAY_SHA256    the installer's checksum, 64 hexadecimal digits
#   GATEWAY_URL       another address to download from, such as a copy of a version that IBKR no longer offers
#   TARGETARCH        amd64 or arm64, as Docker sets it
set -eu

folder=${1:?usage: install.sh FOLDER OUT} out=${2:?usage: install.sh FOLDER OUT}
root=/opt/Jts
program=${GATEWAY_PROGRAM:-ibgateway} channel=${GATEWAY_CHANNEL:-stable} version=${GATEWAY_VERSION:-}

fail() {
    echo "install.sh: $*" >&2
    exit 65
}

case $program in
ibgateway) destination=$root/ibgateway/$version ;;
tws) destination=$root/$version ;;
*) fail "GATEWAY_PROGRAM=$program: ibgateway or tws" ;;
esac
case $channel in
stable | latest) ;;
*) fail "GATEWAY_CHANNEL=$channel: stable or latest" ;;
esac
case $version in
"" | *[!0-9A-Za-z.]*) fail "GATEWAY_VERSION='$version': the installer's version, such as 10.45.1j" ;;
esac
case ${TARGETARCH:-amd64} in
amd64) machine=x64 ;;
arm64) machine=arm ;;
*) fail "no installer for TARGETARCH=$TARGETARCH: amd64 or arm64" ;;
esac

installer=
for file in "$folder"/*.sh; do
    case $file in
    "$folder/install.sh" | "$folder/*.sh") continue ;;
    esac
    [ -z "$installer" ] || fail "two installers: $installer and $file; leave one"
    installer=$file
done
if [ -z "$installer" ]; then
    file=$program-$channel-standalone-linux-$machine.sh
    address=${GATEWAY_URL:-https://download2.interactivebrokers.com/installers/$program/$channel-standalone/$file}
    installer=$(mktemp -d)/$file
    echo "Downloading $address"
    wget --no-verbose --output-document "$installer" "$address" || fail "cannot download $address: put the installer into image/installer/, or name another address in GATEWAY_URL"
fi

sum=$(sha256sum "$installer" | cut -d ' ' -f 1)
[ -n "${GATEWAY_SHA256:-}" ] || fail "GATEWAY_SHA256 is missing: $(basename "$installer") has $sum; compare it with the one that IBKR or you know, and pass that"
[ "$sum" = "$GATEWAY_SHA256" ] || fail "$(basename "$installer") has the SHA-256 $sum, not $GATEWAY_SHA256: another version, or not IBKR's"

# The installer opens no window with -q; its JRE goes to a folder of its own that install4j chooses.
HOME=$(mktemp -d) sh "$installer" -q -dir "$destination" </dev/null
[ -d "$destination/jars" ] || fail "the installer left no $destination/jars"

mkdir -p "$out$(dirname "$destination")"
cp -a "$destination" "$out$destination"
for note in pref_jre.cfg inst_jre.cfg; do
    jre=$(head -n 1 "$destination/.install4j/$note" 2>/dev/null) || continue
    [ -n "$jre" ] && [ -x "$jre/bin/java" ] || continue
    case $jre in
    "$destination"/*) ;;
    *)
        mkdir -p "$out$(dirname "$jre")"
        cp -a "$jre" "$out$(dirname "$jre")/"
        ;;
    esac
    # Readable for every user, and changed by none.
    chown -R 0:0 "$out"
    chmod -R u=rwX,go=rX "$out"
    echo "Installed $program $version in $destination, its JRE in $jre"
    exit 0
done
fail "no JRE in $destination/.install4j/(pref|inst)_jre.cfg"
