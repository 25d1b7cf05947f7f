#!/usr/bin/env bash
# Terraform's plan of generated code with the real AWS provider, and apply, a second
# plan without changes and destroy, against moto: the first of tests/matrix/plans.json.
# `make emulate` does all of them; here the plans are made and counted.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh" "${1:-build}"
export PATH=$top/.tools/bin:$top/.tools/venv/bin:$PATH

# adds COMMAND...: its closing line is added to ours.
adds() {
	"$@" >"$tmp/out" 2>&1
	grep -vE '^[0-9]+ passed' "$tmp/out"
	if [[ $(tail -n 1 "$tmp/out") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped ]]; then
		passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
	else
		fail "$*"
	fi
}

ok "each pattern and each pair joined by a port is in a plan" python3 tests/matrix/cover.py check "$build"
tail -n 1 "$tmp/ok.out"
adds python3 tests/matrix/emulate.py plan "$build" 3
adds python3 tests/matrix/emulate.py apply "$build" 1
finish
