#!/bin/sh
# Writes the lock files: versions and hashes of everything, no address. Called by `make lock`.
set -eu
cd "$(dirname "$0")/../.."
lock() {
    .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@"
}
lock pyproject.toml --extra directory --extra ingest --extra inference --extra reporting --extra billing -o requirements.lock
lock pyproject.toml --all-extras -o requirements-dev.lock
lock infra/triton/requirements.in -o infra/triton/requirements.lock
lock services/inference/training/requirements.in -o services/inference/training/requirements.lock
