#!/bin/sh
# Install or upgrade comenq into an environment of its own, then run comenqd setup.
set -eu
umask 022

usage="Usage: scripts/install.sh [OPTION...] [OPTION OF comenqd setup...]

Install comenq into /opt/comenq, as root, then run comenqd setup --system. Run it
again to upgrade; a second run changes nothing.

  --user           install for yourself, without root, into ~/.local/share/comenq
  --wheel FILE     install this wheel of comenq instead of this checkout
  --dry-run        print what would be done, change nothing
  --uninstall      stop and remove comenq; keep configuration and queue
  --purge          with --uninstall: remove configuration, queue and account, too
  --destdir DIR    only put everything below DIR, to make a package
  --help           print this help

It uses the first Python that is new enough, or the one that COMENQ_PYTHON names.
It installs the versions with which comenq is tested, and nothing that has another
hash than requirements.txt says: the part of constraints.txt that comenq runs with.
Without a network, tell pip where the packages are:
PIP_NO_INDEX=1 PIP_FIND_LINKS=DIRECTORY scripts/install.sh
For packages that you have built yourself, name a file with their hashes:
COMENQ_REQUIREMENTS=FILE"

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
requirements=${COMENQ_REQUIREMENTS:-$checkout/requirements.txt}

fail() {
    echo "comenq: $1" >&2
    exit "${2:-1}"
}

# A service with ProtectHome= cannot run a Python in a home directory.
fit="import sys, ensurepip, venv
home = sys.base_prefix.startswith(('/home/', '/root/'))
sys.exit(sys.version_info < (3, 11) or home and sys.argv[1] == 'machine')"

find_python() {
    for python in "${COMENQ_PYTHON:-/usr/bin/python3}" python3 python3.14 python3.13 python3.12 \
        python3.11 /usr/local/bin/python3; do
        if "$python" -c "$fit" "$whose" 2>/dev/null; then return; fi
        [ -z "${COMENQ_PYTHON:-}" ] || break
    done
    fail "no suitable Python: it must be 3.11 or newer, have venv (on Debian: apt install\
 python3-venv), and not be in a home directory; name one with COMENQ_PYTHON"
}

which_python() {
    "$1" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null || true
}

# Two installations with the same fingerprint are the same.
fingerprint() {
    which_python "$python"
    cksum <"$requirements"
    if [ "$wheel" ]; then
        cksum <"$wheel"
    else
        cd "$checkout"
        find comenq_core comenq_plugins conf pyproject.toml \
            -name __pycache__ -prune -o -type f -exec cksum {} + | sort
    fi
}

make_venv() {
    found=$(fingerprint | cksum)
    [ "$found" != "$(cat "$home/fingerprint" 2>/dev/null)" ] || return 0
    echo "install comenq into $home with $python"
    [ -z "$dry_run" ] || exit 0
    rm -f "$home/fingerprint"
    if [ "$(which_python "$home/bin/python")" != "$(which_python "$python")" ]; then
        "$python" -m venv --clear "$home"
    fi
    pip="$home/bin/python -m pip --quiet --disable-pip-version-check --no-cache-dir"
    if [ -z "$wheel" ]; then
        wheels=$(mktemp -d)
        # It is built with the tested versions, too: in its isolation, pip would heed no hashes.
        $pip install --require-hashes --target "$wheels/tools" \
            --requirement "$checkout/requirements-build.txt"
        PYTHONPATH=$wheels/tools \
            $pip wheel --no-build-isolation --no-deps --wheel-dir "$wheels" "$checkout"
        wheel=$(echo "$wheels"/*.whl)
    fi
    # First its dependencies, then comenq itself, even if the installed version has the same number.
    $pip install --require-hashes --requirement "$requirements"
    $pip install --no-deps --force-reinstall "$wheel"
    [ -z "${wheels:-}" ] || rm -r "$wheels"
    # Written last, so that an interrupted installation starts over.
    echo "$found" >"$home/fingerprint"
}

venv=/opt/comenq whose=machine scope=--system destdir='' wheel='' dry_run='' uninstall=''
left=$#
while [ "$left" -gt 0 ]; do
    option=$1
    shift
    left=$((left - 1))
    case $option in
        --destdir | --wheel)
            [ "$left" -gt 0 ] || fail "$option needs a value" 2
            [ "$option" = --wheel ] && wheel=$1 || destdir=$1
            shift
            left=$((left - 1))
            ;;
        --user) whose=user scope='' venv=${XDG_DATA_HOME:-$HOME/.local/share}/comenq ;;
        --uninstall) uninstall=yes ;;
        --help) echo "$usage" && exit ;;
        *)
            [ "$option" != --dry-run ] || dry_run=yes
            set -- "$@" "$option"
            ;;
    esac
done
[ -z "$wheel" ] || [ -f "$wheel" ] || fail "$wheel: no such file" 2
case $destdir in '' | /*) ;; *) destdir=$PWD/$destdir ;; esac
if [ "$whose$destdir$dry_run" = machine ] && [ "$(id -u)" -ne 0 ]; then
    fail "run this as root, or install for yourself with --user"
fi
home=$destdir$venv
if [ "$uninstall" ]; then
    [ -x "$home/bin/comenqd" ] || fail "comenq is not installed in $home"
    "$home/bin/comenqd" service uninstall $scope "$@"
    echo "remove $home"
    rm -rf "$home"
    exit
fi
find_python
make_venv
if [ "$destdir" ]; then
    "$home/bin/python" -P -m comenq_core.install "$destdir"
else
    "$home/bin/comenqd" setup $scope "$@"
fi
