#!/bin/sh
# Installs the system packages that gatehand needs: `scripts/setup.sh run` to build and run it with the stand-in,
# `scripts/setup.sh test` for the tests as well, `scripts/setup.sh bench` for the benchmarks as well, `scripts/setup.sh image` to build
# and test the image.
# Asks once, or goes ahead as root. Installs nothing when all is there.
set -eu

build="build-essential cmake nasm"
run="xvfb x11-xkb-utils xkb-data libtesseract5 tesseract-ocr-eng fonts-dejavu-core openjdk-17-jdk"
test="openssh-client openssh-server procps strace python3-venv tigervnc-viewer tigervnc-tools libvncserver-dev openbox zenity python3-tk chromium libjgoodies-looks-java xclip novnc x11vnc remmina remmina-plugin-vnc prometheus curl jq surf"
bench="fonts-dejavu-extra fonts-urw-base35 libgtk2.0-0 fonts-liberation fonts-open-sans fonts-lato fonts-cantarell fonts-freefont-ttf socat tigervnc-scraping-server tigervnc-standalone-server libx11-dev libxtst-dev libxdamage-dev libxfixes-dev"
image="podman buildah runc mmdebstrap netavark aardvark-dns iptables uidmap"

case "${1:-run}" in
run) wanted="$build $run" ;;
test) wanted="$build $run $test" ;;
bench) wanted="$build $run $test $bench" ;;
image)
    wanted="$build $run python3-venv"
    # Docker does as well.
    docker info >/dev/null 2>&1 || wanted="$wanted $image"
    ;;
*)
    echo "usage: scripts/setup.sh [run|test|bench|image]" >&2
    exit 64
    ;;
esac

# The tests get the image's noVNC by npm, which other packages of Node.js than Debian's bring as well.
case "${1:-run}" in
test | bench) command -v npm >/dev/null 2>&1 || wanted="$wanted npm" ;;
esac

missing=""
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    else
        as_root="sudo"
        printf 'gatehand needs these packages:%s\nInstall them with sudo apt-get? [Y/n] ' "$missing"
        read -r answer
        case "$answer" in
        n* | N*)
            echo "Not installed. Install them yourself and run this again." >&2
            exit 69
            ;;
        esac
    fi
    echo "Installing:$missing"
    $as_root apt-get update -qq
    # A minimal system has no folder for manual pages, and the JDK's package stops without it.
    $as_root mkdir -p /usr/share/man/man1
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "cargo is missing: install Rust with rustup, then run this again" >&2
    exit 69
fi
