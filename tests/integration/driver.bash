# driver.bash - lib.sh, and what the driver's suites add: a working directory with
# fake nodes under the names of the real executables. Sourced; not a suite itself.
# shellcheck shell=bash disable=SC2034
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unset MLOPS_DB MLOPS_SHARE MLOPS_EXEC_PATH SOURCE_DATE_EPOCH
bin=$(cd "$build/bin" && pwd)
fakes=$(cd "$build/tests" && pwd)/fake-nodes
work=$tmp/w
mkdir "$work"

# exits NAME STATUS COMMAND...: the command ends with this status; its output stays in
# $tmp/stdout and $tmp/stderr.
exits() {
	local name=$1 want=$2 got
	shift 2
	"$@" >"$tmp/stdout" 2>"$tmp/stderr" </dev/null
	got=$?
	if [ "$got" -eq "$want" ]; then pass; else
		fail "$name: exit status $got, not $want"
		tail -n 15 "$tmp/stderr"
	fi
}

# says NAME TEXT: the last command of `exits` said TEXT on stdout or stderr.
says() {
	if grep -qF -- "$2" "$tmp/stdout" "$tmp/stderr"; then pass; else
		fail "$1: nobody said '$2'"
		tail -n 5 "$tmp/stderr"
	fi
}

# fake: from here on the driver starts fake nodes, which share/ does not concern.
fake() {
	mkdir -p "$work/exec" "$work/share/schemas"
	for n in intake plan critic policy gate codegen validate rationale; do
		ln -sf "$fakes" "$work/exec/mlops-$n"
	done
	ln -sf "$bin/mlops-diff" "$work/exec/mlops-diff"
	export MLOPS_EXEC_PATH="$work/exec" MLOPS_SHARE="$work/share"
}
