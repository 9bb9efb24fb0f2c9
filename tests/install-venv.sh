#!/bin/sh
# Debian and Ubuntu keep Python's venv module in a package of its own.
set -eu

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing python3-venv"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
else
    echo "This Python has no venv module; on Debian and Ubuntu, root installs it with: apt-get install python3-venv" >&2
    exit 1
fi
