#!/bin/sh
# Takes out of the image what installs packages and mends disks, what that left, and more PACKAGES that nothing else has:
#   lean.sh PACKAGE...
set -eu

dpkg --purge --force-depends --force-remove-protected \
    apt libapt-pkg6.0 gpgv debian-archive-keyring libxxhash0 e2fsprogs logsave libext2fs2 libss2 "$@"
rm -rf /etc/apt /var/lib/apt /var/cache/apt /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/*
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
