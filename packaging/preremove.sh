#!/bin/sh
# dpkg passes "remove" or "upgrade"; rpm the number of versions that will be left.
set -eu

case $1 in
    remove | 0) [ ! -d /run/systemd/system ] || systemctl disable --now comenq ;;
    upgrade) ;;
    *) exit 0 ;;
esac
find /opt/comenq -name __pycache__ -prune -exec rm -r {} +
