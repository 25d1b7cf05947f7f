#!/usr/bin/env bash
# Random feasible plans generate repositories that pass the static checks. COUNT (6)
# and SEED (1) of the environment make it longer, or another one.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh" "${1:-build}"
export PATH=$top/.tools/bin:$top/.tools/venv/bin:$PATH
exec python3 tests/matrix/random_plans.py "$build" "${COUNT:-6}" "${SEED:-1}"
