#!/bin/sh
# Install comenq, bring it up to date, or take it away. Run twice, it changes nothing.
set -eu
umask 022

usage="Usage: scripts/install.sh [OPTION...]

Without options, install comenq for this machine, as root: a virtual environment
in /opt/comenq, the commands comenq and comenqd, an account, and a service that
is yet to be started.

  --user           install for yourself: no root, and a service of your own
  --prefix DIR     where the commands go: DIR/bin and DIR/sbin (/usr/local);
                   give the same one to --uninstall
  --destdir DIR    put everything below DIR, as into a package; change nothing else
  --wheel FILE     install this wheel of comenq instead of this checkout
  --dry-run        print every step and do nothing
  --uninstall      stop and remove comenq; keep its configuration and its queue
  --purge          with --uninstall: remove those as well, and the account
  --help           print this

The Python is the first that is new enough, or the one that COMENQ_PYTHON names.
Where there is no network, say where the packages are:
PIP_NO_INDEX=1 PIP_FIND_LINKS=DIRECTORY scripts/install.sh"

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

fail() {
    echo "comenq: $1" >&2
    exit "${2:-1}"
}

read_options() {
    venv=/opt/comenq whose=machine destdir='' wheel='' rehearse='' uninstall='' purge=''
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
            --dry-run) rehearse=yes ;;
            --uninstall) uninstall=yes ;;
            --purge) purge=yes ;;
            --help) echo "$usage" && exit ;;
            *) fail "there is no option $1; see scripts/install.sh --help" 2 ;;
        esac
        shift
    done
    [ -z "$purge" ] || [ "$uninstall" ] || fail "--purge goes with --uninstall" 2
    [ -z "$wheel" ] || [ -f "$wheel" ] || fail "$wheel: there is no such file" 2
}

# A service with ProtectHome= cannot run a Python that somebody has in a home directory.
fit="import sys, ensurepip, venv
home = sys.base_prefix.startswith(('/home/', '/root/'))
sys.exit(sys.version_info < (3, 11) or home and sys.argv[1] == 'machine')"

find_python() {
    for python in "${COMENQ_PYTHON:-/usr/bin/python3}" python3 python3.14 python3.13 python3.12 \
        python3.11 /usr/local/bin/python3; do
        if "$python" -c "$fit" "$whose" 2>/dev/null; then return; fi
        [ -z "${COMENQ_PYTHON:-}" ] || break
    done
    fail "a Python 3.11 or newer is needed that has venv (on Debian: apt install python3-venv)\
 and is not in a home directory; COMENQ_PYTHON can name one"
}

which_python() {
    "$1" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null || true
}

# Two installations with the same fingerprint are the same.
fingerprint() {
    which_python "$python"
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
    [ -z "$rehearse" ] || return 0
    rm -f "$home/fingerprint"
    if [ "$(which_python "$home/bin/python")" != "$(which_python "$python")" ]; then
        "$python" -m venv --clear "$home"
    fi
    pip="$home/bin/python -m pip --quiet --disable-pip-version-check --no-cache-dir"
    if [ -z "$wheel" ]; then
        wheels=$(mktemp -d)
        $pip wheel --no-deps --wheel-dir "$wheels" "$checkout"
        wheel=$(echo "$wheels"/*.whl)
    fi
    # First what it needs, then itself, even if the version that is there has the same number.
    $pip install "$wheel"
    $pip install --no-deps --force-reinstall "$wheel"
    [ -z "${wheels:-}" ] || rm -r "$wheels"
    # Written last: an installation that was interrupted is begun again.
    echo "$found" >"$home/fingerprint"
}

read_options "$@"
home=$destdir$venv
changed=''
if [ "$whose$destdir$rehearse" = machine ] && [ "$(id -u)" -ne 0 ]; then
    fail "run this as root, or with --user to install for yourself"
fi
[ -z "$rehearse" ] || echo "Nothing is done. These are the steps:"
if [ "$uninstall" ]; then
    [ -x "$home/bin/python" ] || fail "there is no comenq in $home"
else
    find_python
    make_venv
fi
if [ "$rehearse" ]; then
    PYTHONPATH=$checkout PYTHONDONTWRITEBYTECODE=1 \
        "${python:-$home/bin/python}" -m comenq_core.install --venv "$venv" $changed "$@"
else
    "$home/bin/python" -P -m comenq_core.install --venv "$venv" $changed "$@"
fi
if [ "$uninstall" ]; then
    echo "remove $home"
    [ "$rehearse" ] || rm -rf "$home"
fi
