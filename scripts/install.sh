#!/bin/sh
# Install, upgrade or uninstall comenq. A second run changes nothing.
set -eu
umask 022

usage="Usage: scripts/install.sh [OPTION...]

Without options, install comenq for this machine, as root: a virtual environment
in /opt/comenq, the commands comenq and comenqd, an account, and a service,
which is not started.

  --user           install for yourself, without root
  --prefix DIR     put the commands into DIR/bin and DIR/sbin (default:
                   /usr/local); give --uninstall the same DIR
  --destdir DIR    put everything below DIR, to make a package
  --wheel FILE     install this wheel of comenq instead of this checkout
  --dry-run        print every step, change nothing
  --uninstall      stop and remove comenq; keep configuration and queue
  --purge          with --uninstall: remove configuration, queue and account, too
  --help           print this help

It uses the first Python that is new enough, or the one that COMENQ_PYTHON names.
It installs the versions with which comenq is tested, and nothing that has another
hash than requirements.txt says. Without a network, tell pip where the packages are:
PIP_NO_INDEX=1 PIP_FIND_LINKS=DIRECTORY scripts/install.sh
For packages that you have built yourself, name a file with their hashes:
COMENQ_REQUIREMENTS=FILE"

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
requirements=${COMENQ_REQUIREMENTS:-$checkout/requirements.txt}

fail() {
    echo "comenq: $1" >&2
    exit "${2:-1}"
}

read_options() {
    venv=/opt/comenq whose=machine destdir='' wheel='' dry_run='' uninstall='' purge=''
    while [ $# -gt 0 ]; do
        case $1 in --prefix | --destdir | --wheel) [ $# -gt 1 ] || fail "$1 needs a value" 2 ;; esac
        case $1 in
            --user) whose=user venv=${XDG_DATA_HOME:-$HOME/.local/share}/comenq ;;
            --destdir)
                case $2 in /*) destdir=$2 ;; *) destdir=$PWD/$2 ;; esac
                shift
                ;;
            --wheel) wheel=$2 && shift ;;
            --prefix) shift ;;
            --dry-run) dry_run=yes ;;
            --uninstall) uninstall=yes ;;
            --purge) purge=yes ;;
            --help) echo "$usage" && exit ;;
            *) fail "unknown option $1: see scripts/install.sh --help" 2 ;;
        esac
        shift
    done
    [ -z "$purge" ] || [ "$uninstall" ] || fail "--purge needs --uninstall" 2
    [ -z "$wheel" ] || [ -f "$wheel" ] || fail "$wheel: no such file" 2
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
    changed=--changed
    echo "install comenq into $home with $python"
    [ -z "$dry_run" ] || return 0
    rm -f "$home/fingerprint"
    if [ "$(which_python "$home/bin/python")" != "$(which_python "$python")" ]; then
        "$python" -m venv --clear "$home"
    fi
    pip="$home/bin/python -m pip --quiet --disable-pip-version-check --no-cache-dir"
    if [ -z "$wheel" ]; then
        wheels=$(mktemp -d)
        # It is built with the tested versions, too; pip 25.3 has given the setting another name.
        PIP_CONSTRAINT=$checkout/constraints.txt PIP_BUILD_CONSTRAINT=$checkout/constraints.txt \
            $pip wheel --no-deps --wheel-dir "$wheels" "$checkout"
        wheel=$(echo "$wheels"/*.whl)
    fi
    # First its dependencies, then comenq itself, even if the installed version has the same number.
    $pip install --require-hashes --requirement "$requirements"
    $pip install --no-deps --force-reinstall "$wheel"
    [ -z "${wheels:-}" ] || rm -r "$wheels"
    # Written last, so that an interrupted installation starts over.
    echo "$found" >"$home/fingerprint"
}

read_options "$@"
home=$destdir$venv
changed=''
if [ "$whose$destdir$dry_run" = machine ] && [ "$(id -u)" -ne 0 ]; then
    fail "run this as root, or install for yourself with --user"
fi
[ -z "$dry_run" ] || echo "Nothing is changed. These are the steps:"
if [ "$uninstall" ]; then
    [ -x "$home/bin/python" ] || fail "comenq is not installed in $home"
else
    find_python
    make_venv
fi
if [ "$dry_run" ]; then
    PYTHONPATH=$checkout PYTHONDONTWRITEBYTECODE=1 \
        "${python:-$home/bin/python}" -m comenq_core.install --venv "$venv" $changed "$@"
else
    "$home/bin/python" -P -m comenq_core.install --venv "$venv" $changed "$@"
fi
if [ "$uninstall" ]; then
    echo "remove $home"
    [ "$dry_run" ] || rm -rf "$home"
fi
