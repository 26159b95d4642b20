#!/bin/sh
# Starts pyCA from this folder. Where the Python at hand lacks something, a virtual environment is made beside this
# file first (.venv, see docs/installation.md).
set -eu

for_debian='Debian, Ubuntu, Raspberry Pi OS: sudo apt install'
for_fedora='Fedora: sudo dnf install'
candidates='python3.19 python3.18 python3.17 python3.16 python3.15 python3.14 python3.13 python3.12 python3.11
    python3.10 python3'

say() {
    printf 'pyca: %s\n' "$*" >&2
}

give_up() {
    say "$*"
    exit 1
}

# Whether the Python $1 has everything that requirements.txt asks for; prints what it lacks. Runs on any Python.
satisfied() {
    "$1" - <<'END' 2>/dev/null
import re, sys
if sys.version_info < (3, 10):
    sys.exit(1)
from importlib.metadata import PackageNotFoundError, version

def numbers(text):
    return [int(part) for part in re.findall(r'\d+', re.match(r'[\d.]*', text).group())]

lacking = []
for line in open('requirements.txt', encoding='utf-8'):
    name, _, floor = line.strip().partition('>=')
    try:
        if name and numbers(version(name)) < numbers(floor):
            lacking.append(line.strip())
    except PackageNotFoundError:
        lacking.append(line.strip())
print(', '.join(lacking))
sys.exit(bool(lacking))
END
}

# Whether the virtual environment was made for this requirements.txt, and its Python is still there.
current() {
    [ -x .venv/bin/python ] && [ "$(stamp)" = "$(cat .venv/stamp 2>/dev/null)" ]
}

stamp() {
    cat requirements.txt && readlink -f .venv/bin/python
}

# The newest Python that can make a virtual environment; tells why there is none.
find_base() {
    base='' newest='' without_venv=''
    for name in $candidates; do
        found=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        newest=${newest:-$found}
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || continue
        if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
            base=$name version=$found
            return
        fi
        without_venv=${without_venv:-$found}
    done
    [ -z "$without_venv" ] || give_up "Python $without_venv lacks its venv module; install it" \
        "($for_debian python$without_venv-venv; $for_fedora python3), then start again."
    give_up "Python 3.10 or newer is needed, but ${newest:-no Python} is here; install it" \
        "($for_debian python3 python3-venv, from Debian 12 or Ubuntu 22.04 on; $for_fedora python3), then start again."
}

# Turns pip's pages into one sentence.
explain_pip() {
    failed=$(sed -n 's/.*Failed building wheel for \([^ ]*\).*/\1/p; s/.*curl-config.*/pycurl/p' .venv.log | head -n 1)
    [ -z "$failed" ] || give_up "there is no ready-made $failed for this machine, so it has to be compiled; install" \
        "what that takes ($for_debian gcc python3-dev libcurl4-openssl-dev libssl-dev; $for_fedora gcc python3-devel" \
        'libcurl-devel openssl-devel), then start again. Details: .venv.log'
    if grep -qiE 'connection|resol|unreachable|timed out|no matching distribution' .venv.log; then
        give_up 'the Python packages could not be downloaded; connect this machine to the network and start again, or' \
            "install them with the system (Debian 13 or newer: sudo apt install $(packages | tr _ -); $for_fedora" \
            "$(packages)). Details: .venv.log"
    fi
    give_up 'the Python packages could not be installed; the last lines of .venv.log tell why.'
}

# The distributions' names of what requirements.txt asks for.
packages() {
    sed 's/>=.*//; s/^python-//; s/^/python3-/' requirements.txt | tr '\n' ' ' | sed 's/ $//'
}

# Makes or renews .venv. Five units may start at once: the first one works, the others wait for it.
make_environment() {
    find_base
    touch .venv.lock 2>/dev/null || give_up "the virtual environment cannot be made, since $(id -un) may not write to" \
        "$PWD; start $PWD/start.sh once as the owner of this folder."
    lock
    if ! current; then
        build
        stamp > .venv/stamp.new
        mv .venv/stamp.new .venv/stamp
    fi
    unlock
}

build() {
    if ! [ -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        say "preparing Python $version and its packages in $PWD/.venv (once; this may take some minutes) ..."
        rm -rf .venv
        "$base" -m venv .venv >.venv.log 2>&1 || give_up "Python $version cannot make a virtual environment; install" \
            "its venv module ($for_debian python$version-venv; $for_fedora python3), then start again." \
            'Details: .venv.log'
    elif satisfied .venv/bin/python >/dev/null; then
        return
    else
        say "updating the packages in $PWD/.venv ..."
    fi
    .venv/bin/python -m pip install -r requirements.txt >>.venv.log 2>&1 </dev/null || explain_pip
    satisfied .venv/bin/python >/dev/null || explain_pip
}

# The lock ends with the process that holds it, pip included.
lock() {
    exec 9>.venv.lock
    if command -v flock >/dev/null; then
        flock -n 9 || { say 'another start prepares the packages, waiting for it ...' && flock 9; }
        return
    fi
    until mkdir .venv.lock.d 2>/dev/null; do
        [ -d "/proc/$(cat .venv.lock.d/pid 2>/dev/null || echo self)" ] || rm -rf .venv.lock.d
        sleep 1
    done
    echo $$ > .venv.lock.d/pid
    trap 'rm -rf .venv.lock.d' EXIT
}

unlock() {
    rm -rf .venv.lock.d
    trap - EXIT
    exec 9>&-
}

# Sets `python`.
choose_python() {
    active=${VIRTUAL_ENV:-}
    if [ -z "$active" ] && [ "${CONDA_DEFAULT_ENV:-base}" != base ]; then
        active=${CONDA_PREFIX:-}
    fi
    if [ -n "$active" ] && [ -x "$active/bin/python" ] && [ "$(readlink -f -- "$active")" != "$here/.venv" ]; then
        python=$active/bin/python
        lacking=$(satisfied "$python") || give_up "the active environment $active lacks" \
            "${lacking:-a Python of 3.10 or newer}; install it (pip install -r '$PWD/requirements.txt') or leave the" \
            'environment (deactivate), then start again.'
        return
    fi
    python=.venv/bin/python
    if current; then
        return
    fi
    for name in python3 ${candidates% python3}; do
        if command -v "$name" >/dev/null && satisfied "$name" >/dev/null; then
            python=$name
            return
        fi
    done
    make_environment
}

# The file $1, named by somebody in the folder $caller, as a path that is good everywhere.
resolve() {
    case $1 in
        /*) printf '%s' "$1" ;;
        *)
            if [ -n "$caller" ] && { [ -e "$caller/$1" ] || ! [ -e "$here/$1" ]; }; then
                printf '%s' "$caller/$1"
            else
                printf '%s' "$here/$1"
            fi ;;
    esac
}

caller=$(pwd 2>/dev/null) || caller=''
here=$(dirname -- "$(readlink -f -- "$0")")
cd -- "$here"
here=$PWD

# Goes once round the arguments, so that their spaces and quotes survive.
left=$#
option=''
while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    if [ "$option" = config ]; then
        option='' word=$(resolve "$word")
    elif [ "$option" != end ]; then
        case $word in
            -c | --config) option=config ;;
            --config=*) word=--config=$(resolve "${word#--config=}") ;;
            -c?*) word=-c$(resolve "${word#-c}") ;;
            --) option=end ;;
        esac
    fi
    set -- "$@" "$word"
done
[ $# -gt 0 ] || set -- run

choose_python
exec "$python" -m pyca "$@"
