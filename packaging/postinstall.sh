#!/bin/sh
# dpkg says "configure", with the former version when there was one; rpm how many versions there are.
set -eu

systemd-sysusers comenq.conf
systemd-tmpfiles --create comenq.conf
# Not in the package, since what Python compiles is different each time. It takes an old result for
# that of a new file of the same age and size (-f), and files of packages may be of the same age.
/opt/comenq/bin/python3 -m compileall -q -f /opt/comenq/lib || true

[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ "$1" = 1 ] || { [ "$1" = configure ] && [ -z "${2:-}" ]; }; then
    systemctl enable comenq
    echo "Put a token into /etc/comenqd/github_token, and start comenq: systemctl start comenq"
else
    systemctl try-restart comenq
fi
