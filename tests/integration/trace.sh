#!/usr/bin/env bash
# The driver spawns the installed executables, one process a node, and calls no node's
# function; the libraries of the store and of git are where they belong.
# shellcheck disable=SC2154
. "$(dirname "$0")/driver.bash"
command -v strace >/dev/null || { skip "strace: not installed"; finish; }
strace -o /dev/null true 2>/dev/null || { skip "strace: not permitted here"; finish; }
fake
cd "$work" || exit 1
echo "a small thing" >brief.md
exits "a traced run" 0 strace -f -e trace=execve -o trace mlops run brief.md -o out --yes
sed -n 's/.*execve("\([^"]*\)".* = 0$/\1/p' trace | tail -n +2 >execs
want="mlops-intake mlops-intake mlops-intake mlops-plan mlops-critic mlops-critic mlops-policy mlops-gate mlops-codegen mlops-validate mlops-rationale mlops-diff"
same "twelve processes in order" "$(xargs -n1 basename <execs | tr '\n' ' ')" "$want "
ok "from one directory" sh -c "! grep -v '^$work/exec/' execs"
ok "by argument vector, never a shell" sh -c '! grep -E "\"[^\"]*/(ba|da)?sh\"" trace'
ok "the front runs a filter by becoming it" sh -c \
	"strace -f -e trace=execve -o t2 mlops plan --version >/dev/null && grep -q mlops-plan t2 && ! grep -q clone t2"

# No node links what only drivers need; the front holds no node.
for f in "$bin"/mlops-*; do
	case $(basename "$f") in mlops-diff | mlops-llm | mlops-merge) continue ;; esac
	ok "$(basename "$f") is small" sh -c "! ldd '$f' | grep -E 'sqlite|libgit2|libarchive|libcurl'"
done
ok "the front has no git and no zip" sh -c "! ldd '$bin/mlops' | grep -E 'libgit2|libarchive'"
for s in plan_program intake_program critic_program gate_program codegen_program; do
	ok "the front has no $s" sh -c "! nm '$bin/mlops' | grep -w $s"
done
finish
