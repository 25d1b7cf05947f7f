#!/usr/bin/env bash
# mlops-llm beside the providers' official Python SDKs, whole processes at the local
# test server: what a call costs over the provider's own latency (target: 10 ms at the
# median), when the first streamed piece is passed on, and what 50 calls at once hold
# (target: 100 MiB in all). Plain HTTP on loopback; setting up TLS comes on top.
set -u
build=${1:-build}
top=$(cd "$(dirname "$0")/../.." && pwd)
python=$top/.tools/sdks/bin/python3
[ -x "$python" ] || {
	echo "the SDKs are not installed (make sdks): their rows are left out"
	python=python3
}
PATH=$top/$build/bin:$PATH exec "$python" "$top/tests/bench/peers/llm.py"
