#!/bin/sh
# dpkg passes "remove" or "purge", among others; rpm has no purge, and keeps queue and configuration.
set -eu

case $1 in
    remove | 0)
        [ ! -d /run/systemd/system ] || systemctl daemon-reload
        ;;
    purge)
        rm -rf /etc/comenqd /var/lib/comenq /run/comenq /opt/comenq
        if getent passwd comenq >/dev/null; then userdel comenq; fi
        if getent group comenq >/dev/null; then groupdel comenq; fi
        ;;
esac
