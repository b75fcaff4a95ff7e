#!/bin/sh
# Makes a fresh machine ready: the virtual environment with the locked packages, then everything that `infra.local.setup` fetches.
# Needs Python 3.11 alone; run again it only checks. Called by `make setup`.
set -eu
cd "$(dirname "$0")/../.."

PYTHON="${PYTHON:-python3.11}"
UV_VERSION=0.13.9
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# uv trusts the certificates that this machine trusts.
export UV_SYSTEM_CERTS=true UV_NO_PROGRESS=1

say() { printf '%s\n' "$*"; }

fail() {
    say "set-up stopped: $*" >&2
    exit 1
}

# Debian's packages by name, as root or through sudo.
install_packages() {
    command -v apt-get >/dev/null || fail "these Debian packages are missing and there is no apt-get: $*"
    as_root=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "install these packages as root, then run this again: $*"
        as_root=sudo
    fi
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The network hiccups: three tries.
retry() {
    for pause in 2 10 0; do
        if "$@"; then return 0; fi
        sleep "$pause"
    done
    return 1
}

command -v "$PYTHON" >/dev/null || fail "Python 3.11 is needed; set PYTHON to its path"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || fail "$PYTHON is not Python 3.11"

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "set-up: virtual environment"
    rm -rf .venv
    if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
        install_packages python3.11-venv ca-certificates
    fi
    "$PYTHON" -m venv .venv
fi

if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    retry .venv/bin/python -m pip install -q "uv==$UV_VERSION" || fail "uv could not be installed from the package index"
fi

stamp=".venv/.sonobridge-$(cat requirements-dev.lock pyproject.toml | sha256sum | cut -c1-16)"
if ! [ -e "$stamp" ]; then
    say "set-up: Python packages from requirements-dev.lock"
    began=$(date +%s)
    retry .venv/bin/uv pip install -q --require-hashes -r requirements-dev.lock || fail "the locked packages could not be installed"
    .venv/bin/uv pip install -q --no-deps --no-build-isolation -e . || fail "the project itself could not be installed"
    rm -f .venv/.sonobridge-*
    : >"$stamp"
    say "set-up: Python packages are there after $(($(date +%s) - began)) s"
fi

exec .venv/bin/python -m infra.local.setup "$@"
