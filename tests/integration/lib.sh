# lib.sh - what the integration suites share: counting, a scratch folder, the
# programs on the PATH. Sourced with the build folder as $1; not a suite itself.
# shellcheck shell=bash disable=SC2034
set -u
build=${1:-build}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$top" || exit 1
export PATH=$top/$build/bin:$PATH LC_ALL=C TZ=UTC NO_COLOR=1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	printf 'FAILED: %s\n' "$*"
}
skip() {
	skipped=$((skipped + 1))
	printf 'skipped: %s\n' "$*"
}

# ok NAME COMMAND...: the command must succeed.
ok() {
	local name=$1
	shift
	if "$@" >"$tmp/ok.out" 2>&1; then pass; else
		fail "$name (status $?)"
		tail -n 15 "$tmp/ok.out"
	fi
}

# same NAME A B: two texts must be equal.
same() {
	if [ "$2" = "$3" ]; then pass; else
		fail "$1"
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | head -n 20
	fi
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}
