#!/bin/sh
# Makes Debian packages that stand in, empty, for what gatehand's image never uses, and writes them into the folder OUT:
#   build.sh OUT
# apt believes that a dependency is there, and the image is less than half as large:
#   libglx-mesa0   Xvfb's GLX would bring Mesa and LLVM (140 MB); no gateway draws with it
#   libarchive13   Tesseract reads packed language data by it, and brings libxml2 and ICU (40 MB); the data are plain files here
#   libcurl4       Tesseract fetches pictures from addresses by it (10 MB); gatehand gives it pixels
# The last two hold a library, because Tesseract is linked with it; what is called there answers "nothing".
set -eu

out=${1:?usage: build.sh OUT}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
architecture=$(dpkg --print-architecture)
libraries=/usr/lib/$(gcc -print-multiarch)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# package NAME VERSION: packs $work/NAME.
package() {
    mkdir -p "$work/$1/DEBIAN"
    cat >"$work/$1/DEBIAN/control" <<CONTROL
Package: $1
Version: $2
Architecture: $architecture
Multi-Arch: same
Maintainer: gatehand <gatehand@localhost>
Section: libs
Priority: optional
Description: empty stand-in for what gatehand's image does not use
CONTROL
    dpkg-deb --root-owner-group --build "$work/$1" "$out/$1.deb" >/dev/null
}

# library PACKAGE SONAME [VERSION SCRIPT]: compiles PACKAGE.c.
library() {
    mkdir -p "$work/$1$libraries"
    gcc -shared -fPIC -Os -s -Wall -Werror -Wl,-soname,"$2" ${3:+-Wl,--version-script,"$3"} \
        -o "$work/$1$libraries/$2" "$here/$1.c"
}

package libglx-mesa0 22.3.6+none
library libarchive13 libarchive.so.13
package libarchive13 3.6.2+none
library libcurl4 libcurl.so.4 "$here/libcurl4.map"
package libcurl4 7.88.1+none
