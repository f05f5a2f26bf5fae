#!/bin/sh
# Become systemd on a machine of its own that has the files of this one: what is written there is
# written to memory. To be run in fresh namespaces, with a directory that has share/ in it, and
# what is to be seen in /mnt/python and /mnt/checkout.
set -eu

bare=$1/bare
python=$2
checkout=$3

mkdir -p "$bare"
mount -t tmpfs tmpfs "$bare"
mkdir "$bare/upper" "$bare/work" "$bare/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$bare/upper,workdir=$bare/work" "$bare/root"
cd "$bare/root"

mount -t tmpfs tmpfs mnt
for name in share python checkout; do mkdir "mnt/$name"; done
mount --bind "$1/share" mnt/share
mount --bind "$python" mnt/python
mount --bind "$checkout" mnt/checkout

# A Python that was built elsewhere would look for its library there, where others may not look.
echo /mnt/python/lib >etc/ld.so.conf.d/0-python.conf
chroot . ldconfig

mount -t proc proc proc
# Read-only, so that nothing of the real machine can be set.
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
while read -r name major minor; do mknod -m 666 "dev/$name" c "$major" "$minor"; done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
END
mkdir dev/pts
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
for name in dev/shm run tmp; do
    mkdir -p "$name"
    mount -t tmpfs -o mode=1777 tmpfs "$name"
done
chmod 755 run

# Nothing starts but what is asked for, and the journal.
rm -rf lib/systemd/system/*.wants etc/systemd/system/*
mkdir lib/systemd/system/sysinit.target.wants
ln -s ../systemd-journald.service lib/systemd/system/sysinit.target.wants/

mkdir run/old
pivot_root . run/old
umount -l run/old
# systemd hands credentials over by a mount in one namespace that appears in the other. In what it
# takes for a container, it leaves this to whoever has started that.
mount --make-rshared /
# https://systemd.io/CONTAINER_INTERFACE/
export container=test NOTIFY_SOCKET=/mnt/share/notify
exec /lib/systemd/systemd
