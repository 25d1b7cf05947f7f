#!/bin/sh
# planning.sh BUILD: see planning.py; PLANNING_ROUNDS=5 asks about every fact and more.
exec python3 "$(dirname "$0")/planning.py" "${1:-build}/bin/mlops-plan" "${PLANNING_ROUNDS:-1}"
