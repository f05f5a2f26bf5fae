#!/bin/sh
# dpkg passes "configure" and, on an upgrade, the old version; rpm the number of versions.
set -eu

systemd-sysusers comenq.conf
systemd-tmpfiles --create comenq.conf
# Not in the package, because what Python compiles differs each time. With -f, because Python keeps
# an old result for a new file of the same age and size, and a package's files have the same age.
/opt/comenq/bin/python3 -m compileall -q -f /opt/comenq/lib || true

[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ "$1" = 1 ] || { [ "$1" = configure ] && [ -z "${2:-}" ]; }; then
    systemctl enable comenq
    echo "Give comenq a token, and start it: sudo comenqd setup --system"
else
    systemctl try-restart comenq
fi
