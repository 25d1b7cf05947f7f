#!/usr/bin/env bash
# All unit, golden and conformance tests again under ASan and UBSan.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "${1:-build}" = build-san ]; then
	echo "0 passed, 0 failed, 0 skipped" # this is that run
	exit 0
fi
make -s -j"$(nproc)" SAN=1 tests >/dev/null || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
out=$(tests/run build-san 'unit/ golden/ conformance/')
status=$?
echo "$out" | sed 's/^\([0-9]* passed\)/sanitized: \1/'
line=$(echo "$out" | grep -E '^[0-9]+ passed, ' | tail -n 1)
echo "${line:-0 passed, 1 failed, 0 skipped}"
exit $status
