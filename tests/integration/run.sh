#!/usr/bin/env bash
# mlops run over twelve fake nodes: what it leaves, how it stops, what it refuses.
# shellcheck disable=SC2154
. "$(dirname "$0")/driver.bash"
fake
cd "$work" || exit 1
echo "a small thing" >brief.md
echo "a big thing" >big.md

exits "a run with --yes" 0 mlops run brief.md -o out --yes
for f in out/repo/README.md out/repo/docs/plan.md out/repo/reports/diff.md out/repo.zip \
	out/state.json .mlops/mlops.db; do
	ok "$f is there" test -s "$f"
done
ok "an executable stays one" test -x out/repo/tools/go.sh
ok "the zip holds the repository" sh -c \
	'mkdir x && cd x && python3 -m zipfile -e ../out/repo.zip . && diff -r . ../out/repo'
zip1=$(sha256sum <out/repo.zip)

exits "the same again" 0 mlops run brief.md -o out --yes
says "nothing runs twice" "0 nodes run, 12 reused"
same "the same zip" "$(sha256sum <out/repo.zip)" "$zip1"

exits "another brief" 0 mlops run big.md -o out --yes
says "is version 2" "version 2: complete"
ok "new files come" test -s out/repo/big.txt
ok "the diff tells cost" grep -qF '+100.00 USD, +100.0 %' out/repo/reports/diff.md
ok "the diff tells the pattern" grep -qF '| `serve@online` | `small` → `big` |' out/repo/reports/diff.md
ok "the diff has text" grep -q '^+a big thing' out/repo/reports/diff.md
same "one commit a version" "$(git -C .mlops/git/*.git rev-list --count main)" 2

exits "and back" 0 mlops run brief.md -o out --yes
ok "old files go" test ! -e out/repo/big.txt

# What somebody changed stays, until --force.
echo "mine" >>out/repo/README.md
echo "extra" >out/repo/notes.txt
exits "a changed file stops a new version" 73 mlops run big.md -o out --yes
says "and is named" "README.md' is not as it was written"
ok "and stays" grep -q mine out/repo/README.md
exits "--force overwrites" 0 mlops run big.md -o out --yes --force
ok "what is nobody's stays" test -s out/repo/notes.txt

# The gate.
exits "without --yes it waits" 10 mlops run brief.md -o gate
ok "nothing is generated" test ! -e gate/repo
ok "the state is there" grep -q '"waiting"' gate/state.json
exits "--resume --yes goes on" 0 mlops run -o gate --resume --yes
says "with what was done" "7 reused"
echo "policy-fail" >fail.md
exits "--yes never waives" 10 mlops run fail.md -o fail --yes
exits "--fail-on fail" 11 mlops run fail.md -o fail2 --fail-on fail --yes
echo "policy-warn" >warn.md
exits "--fail-on warn" 13 mlops run warn.md -o warn --fail-on warn --yes
exits "a warning is approved" 0 mlops run warn.md -o warn --yes
echo "infeasible" >inf.md
exits "no feasible plan" 14 mlops run inf.md -o inf --yes

# Options reach the nodes, and --resume remembers them.
exits "an option" 10 mlops run brief.md -o set --set word=big
exits "is remembered" 0 mlops run -o set --resume --yes
ok "and counts" test -s set/repo/big.txt

# Failures.
echo "crash planner" >crash.md
exits "a node that crashes" 70 mlops run crash.md -o crash --yes
says "is named" "node planner"
exits "and its run can go on" 70 mlops run -o crash --resume --yes
exits "no brief" 66 mlops run nothing.md -o no --yes
exits "no output directory" 2 mlops run brief.md
exits "two briefs" 2 mlops run brief.md big.md -o two
exits "nothing to resume" 66 mlops run -o never --resume
exits "another brief with --resume" 65 mlops run big.md -o gate --resume
touch file
exits "the output is a file" 73 mlops run brief.md -o file --yes
mkdir -p linked && ln -s "$work/elsewhere" linked/repo
exits "repo is a symbolic link" 73 mlops run brief.md -o linked --yes
ok "nothing went through it" test ! -e elsewhere
head -c 9000000 /dev/zero | tr '\0' 'a' >huge.md
exits "a brief beyond the limit" 65 mlops run huge.md -o huge --yes
mkdir broken && echo "not a database" >broken/mlops.db
exits "a broken database" 65 mlops run brief.md -o out9 --yes --db sqlite:broken/mlops.db
exits "a database of another kind" 2 mlops run brief.md -o out9 --yes --db mysql://x
if [ "$(id -u)" -ne 0 ]; then
	mkdir ro && chmod 555 ro
	exits "an unwritable directory" 73 mlops run brief.md -o ro/out --yes
fi
mkdir small
if mount -t tmpfs -o size=32k none small 2>/dev/null; then
	dd if=/dev/zero of=small/fill bs=1k count=30 2>/dev/null
	exits "a full output directory" 74 mlops run brief.md -o small/out --yes
	ok "nothing half-written" sh -c '! find small -name "*.tmp*" | grep .'
	umount small
else
	skip "full disk: no right to mount a tmpfs"
fi
exits "a full stdout" 74 sh -c 'mlops run brief.md -o out --yes --force >/dev/full'
exits "a closed stdout" 74 sh -c 'mlops log >&-'

# Reading back.
exits "log" 0 mlops log -p out
says "has events" "run_complete"
exits "ledger" 0 mlops log --ledger --format json -p out
ok "is the cards" python3 -c "import json;c=json.load(open('$tmp/stdout'));assert len(c)==12 and all('decision_id' in x for x in c)"
exits "show" 0 mlops show -p out
says "the version" "complete"
exits "show a part" 0 mlops show -p out 1 /cost/monthly_usd
same "of an old version" "$(cat "$tmp/stdout")" 100
exits "show nothing" 66 mlops show -p out 99
exits "stats" 0 mlops stats -p out
exits "stats of people" 0 mlops stats --people --format json -p out
ok "are figures" jq -e '.complete >= 1 and .time_to_artifact_s.n >= 1 and .acceptance_rate != null' "$tmp/stdout"
exits "graph" 0 mlops graph --format mermaid
exits "no database" 66 mlops log --db sqlite:nowhere/mlops.db
exits "no command" 2 mlops
exits "a wrong command" 2 mlops frobnicate
exits "help" 0 mlops --help
exits "init" 0 mlops init fresh
ok "makes the store" test -s fresh/.mlops/mlops.db

# Two at a time.
mkdir -p held
exec 8<held
flock 8
exits "a held output directory" 75 mlops run big.md -o held --yes
exec 8<&-

# Interrupted: the status of the signal, and a run that can go on.
mv exec/mlops-plan exec/plan.real
printf '#!/bin/sh\nsleep 20\n' >exec/mlops-plan
chmod +x exec/mlops-plan
mlops run brief.md -o stop --yes >/dev/null 2>stop.err &
pid=$!
for _ in $(seq 100); do grep -q adaptive_questions stop.err && break; sleep 0.05; done
kill -TERM $pid
wait $pid
same "an interrupt" $? 143
mv exec/plan.real exec/mlops-plan
exits "can be resumed" 0 mlops run -o stop --resume --yes
says "after three nodes" "3 reused"
finish
