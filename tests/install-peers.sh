#!/bin/sh
# The peers that the tests drive: what is missing is installed by root with Debian's apt-get; anybody else is told.
set -eu
PATH="$PATH:/usr/sbin"

missing=""
for pair in curl:curl strace:strace baresip:baresip sipp:sip-tester kamailio:kamailio chromium:chromium \
    sipsak:sipsak linphonec:linphone-cli in.tftpd:tftpd-hpa; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
# A module of Kamailio's is no program.
[ -n "$(find /usr/lib -path '*/kamailio/modules/tls.so' 2>/dev/null)" ] || missing="$missing kamailio-tls-modules"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing the tests' peers:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # one word per package
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
fi
echo "Not installed:$missing. The tests that drive them will be skipped; on Debian and Ubuntu, root installs" \
    "them with: apt-get install --no-install-recommends$missing" >&2
