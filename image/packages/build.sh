#!/bin/sh
# Makes Debian packages that stand in, empty, for what gatehand's image never uses, and writes them into the folder OUT:
#   build.sh OUT
# apt believes that a dependency is there, and the image is less than half as large:
#   libglx-mesa0   Xvfb's GLX would bring Mesa and LLVM (140 MB); no gateway draws with it
#   libarchive13   Tesseract reads packed language data by it, and brings libxml2 and ICU (40 MB); the data are plain files here
#   libcurl4       Tesseract fetches pictures from addresses by it (10 MB); gatehand gives it pixels
# And for the browser that shows a login page, and is thrown away after it:
#   libegl1        the page is drawn by the processor (Mesa again)
#   libflite1      the voices of pages that speak (27 MB)
#   gstreamer1.0-plugins-base, -good    sound and films
#   iso-codes, adwaita-icon-theme       names of languages, pictures of buttons: it has none
#   dconf-gsettings-backend             keeps settings, and brings D-Bus and systemd
#   hunspell-en-us                      spelling
#   bubblewrap, xdg-dbus-proxy          confine WebKit's processes where a program asks for that; surf does not
# Those with a .c here hold a library, because something is linked with it; what is called there answers "nothing".
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

library libegl1 libEGL.so.1
package libegl1 1.6.0+none
library libflite1 libflite.so.1
for part in usenglish cmulex cmu_grapheme_lang cmu_grapheme_lex cmu_indic_lang cmu_indic_lex cmu_time_awb cmu_us_awb \
    cmu_us_kal cmu_us_kal16 cmu_us_rms cmu_us_slt; do
    ln -s libflite.so.1 "$work/libflite1$libraries/libflite_$part.so.1"
done
package libflite1 2.2+none
package gstreamer1.0-plugins-base 1.22.0+none
package gstreamer1.0-plugins-good 1.22.0+none
package iso-codes 4.15.0+none
package adwaita-icon-theme 43+none
package dconf-gsettings-backend 0.40.0+none
package hunspell-en-us 1:2020.12.07+none
package bubblewrap 0.8.0+none
package xdg-dbus-proxy 0.1.4+none
