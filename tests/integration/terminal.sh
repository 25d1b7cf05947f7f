#!/usr/bin/env bash
# mlops run on a terminal: it shows the plan and asks, takes a comment back to the
# planner, moves a line while a node works, and says nothing of it elsewhere.
# shellcheck disable=SC2154
. "$(dirname "$0")/driver.bash"
command -v python3 >/dev/null || { skip "python3: not installed"; finish; }
fake
cd "$work" || exit 1
unset NO_COLOR
echo "a small thing" >brief.md
cat >terminal.py <<'END'
"""terminal.py REPLIES COMMAND...: runs the command on a terminal of its own; each reply is
given when a question ends with ': ' or '? '. Prints what was shown; exits like it."""
import os, pty, select, sys, time
replies = sys.argv[1].split("|") if sys.argv[1] else []
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp(sys.argv[2], sys.argv[2:])
seen, mark, end = b"", 0, time.time() + 30
while time.time() < end:
    ready = select.select([fd], [], [], 0.2)[0]
    if ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
    elif replies and seen[mark:].endswith((b": ", b"? ", b"  > ")):
        mark = len(seen)
        os.write(fd, replies.pop(0).encode().decode("unicode_escape").encode() + b"\n")
os.close(fd)
status = os.waitpid(pid, 0)[1]
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
END
exits "approved on the terminal" 0 python3 terminal.py "y" mlops run brief.md -o yes
says "the plan is shown" "serve@online"
says "and the question" "Generate this?"
same "the approval is kept" "$(sqlite3 .mlops/mlops.db "select status from approvals order by seq" 2>/dev/null | tr '\n' ' ')" "waiting approved "
exits "left for later" 10 python3 terminal.py "q" mlops run brief.md -o quit
exits "and approved later" 0 python3 terminal.py "y" mlops run -o quit --resume
exits "rejected with a comment, planned again, approved" 0 python3 terminal.py "n|make it big|y" mlops run brief.md -o again
ok "the comment reached the planner" test -s again/repo/big.txt
exits "a reply that is none is asked again" 0 python3 terminal.py "what|y" mlops run brief.md -o what
exits "--yes asks nothing" 0 python3 terminal.py "" mlops run brief.md -o silent --yes
ok "colour on a terminal" grep -q "$(printf '\033')\[32m" "$tmp/stdout"
exits "none with NO_COLOR" 0 env NO_COLOR=1 python3 terminal.py "" mlops run brief.md -o plain --yes
ok "no escape" sh -c "! grep -q '$(printf '\033')' '$tmp/stdout'"
exits "none elsewhere" 0 mlops run brief.md -o pipe --yes
ok "no escape in a file" sh -c "! grep -q '$(printf '\033')' '$tmp/stderr'"

# A node that takes its time moves the line.
rm exec/mlops-plan
mkdir sub && ln -s "$fakes" sub/mlops-plan
printf '#!/bin/sh\nsleep 0.5\nexec %s/sub/mlops-plan "$@"\n' "$work" >exec/mlops-plan
chmod +x exec/mlops-plan
exits "a slow node" 0 python3 terminal.py "" mlops run brief.md -o slow --yes
ok "is seen at work" grep -qE '4/12\] planner +0\.[0-9] s' "$tmp/stdout"

# With the real nodes: a comment is a later word than the options, on every run behind it.
unset MLOPS_EXEC_PATH MLOPS_SHARE
echo 'AWS eu-west-1. Churn scoring API, 10 rps, p95 200 ms, 99.9%. Internal data. Team: 3 Python engineers.' >real.md
exits "a comment against an option" 10 python3 terminal.py "n|Too dear: 2k USD a month, hard cap.|q" \
	mlops run real.md -o real --set budget_band.max_usd=5000 --tools none
ok "the comment holds" grep -Eq '"max_usd": ?2000' real/state.json
exits "and is gone on with" 10 mlops run real.md -o real --resume --set budget_band.max_usd=5000 --tools none
ok "it still holds" grep -Eq '"max_usd": ?2000' real/state.json

# The questions are those of mlops-intake --guided, and replies outlast an interruption.
replies() { jq -c '[(if type == "array" then . else .answers end)[] | .text // .value]' .mlops/answers/*.json; }
rm -rf .mlops
echo 'Recommendations for our web shop. Something like 40 requests per second.' >open.md
echo '{"regions": "Ireland"}' >given.json
exits "interrupted after a reply, by the signal" 254 python3 terminal.py '1|\x03' mlops run open.md -o open --answers given.json --tools none
says "the keys of guided mode" "up/down choose"
says "what to do" "go on with --resume"
same "the reply is kept, and those that were given" "$(replies)" '["Ireland","aws"]'
exits "and gone on with" 10 python3 terminal.py '2|\x04|q' mlops run -o open --resume --answers given.json --tools none
ok "it is not asked again" sh -c "! grep -q 'Which cloud' '$tmp/stdout'"
same "all replies count" "$(jq -c '[.constraints.cloud, .constraints.regions[0], (.answers | length)]' open/state.json)" '["aws","eu-west-1",3]'
exits "what was left open is not asked again" 10 python3 terminal.py 'q' mlops run -o open --resume --tools none
ok "no question" sh -c "! grep -q 'up/down choose' '$tmp/stdout'"
exits "words that nobody can read are asked for again" 10 python3 terminal.py 'qqq nonsense|2|\x04|q' \
	mlops run open.md -o words --tools none
says "and why" "Please say it differently"
exits "a secret that is typed" 10 python3 terminal.py 'aws with AKIAQWERTYUIOPASDF12|\x04|q' mlops run open.md -o secret --tools none
ok "is kept nowhere" sh -c "! grep -rqa QWERTYUIOPASDF12 .mlops secret"

# What a policy rule needs stops the run before planning, also with --yes; a terminal is asked.
cp -r "$OLDPWD/share" facts
jq '.rules[0].requires_fact = "regions"' facts/policies/gdpr.json >gdpr.json && mv gdpr.json facts/policies/
export MLOPS_SHARE=$PWD/facts
exits "a fact is missing" 10 mlops run open.md -o facts-yes --yes --tools none
says "the gate" "waiting at the gate intake"
says "the rule and the fact" "needs regions"
same "the question about it comes first" "$(jq -r '.questions[0].field, (has("plan") | not)' facts-yes/state.json | tr '\n' ' ')" "regions true "
same "it waits in the store" "$(sqlite3 .mlops/mlops.db "select status from decision_sets order by created_at desc limit 1")" waiting
exits "it goes on with the fact" 0 mlops run -o facts-yes --resume --yes --tools none --set regions=eu-west-1
exits "the terminal is asked for it" 10 python3 terminal.py '2|\x04|q' mlops run open.md -o facts-asked --tools none
same "and the run goes on" "$(jq -c '[.constraints.regions, .plan.feasible]' facts-asked/state.json)" '[["eu-west-1"],true]'
exits "nobody replies" 10 python3 terminal.py '\x04' mlops run open.md -o facts-open --tools none
says "what is missing" "needs regions"
unset MLOPS_SHARE
finish
