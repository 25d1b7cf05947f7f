#!/usr/bin/env bash
# What mlops-codegen promises of its output: same state, same bytes; nothing of this
# machine inside; approvals are asked for; edits, links and foreign paths are safe;
# hostile constraints stay text.
# shellcheck source-path=SCRIPTDIR/../integration source-path=SCRIPTDIR disable=SC2016,SC2317
. "$(dirname "$0")/../integration/lib.sh"
# shellcheck source=plans.sh
. "$(dirname "$0")/plans.sh"
edit=$top/$build/tests/edit-json

status() { # WANTED NAME COMMAND...
	local want=$1 name=$2 got
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	if [ "$got" = "$want" ]; then pass; else
		fail "$name: status $got, not $want"
		cat "$tmp/err"
	fi
}
codegen() { # STATE ARGS...
	local state=$1
	shift
	mlops-codegen -q "$@" <"$state"
}

approved fraud >"$tmp/fraud"
approved rag >"$tmp/rag"

# Twice, in directories and environments that differ.
status 0 'first generation' codegen "$tmp/fraud" -o "$tmp/a"
(cd / && HOME=/nowhere TZ=Asia/Tokyo LANG=de_DE.UTF-8 USER=someone \
	mlops-codegen -q --share "$top/share" -o "$tmp/deeper/down/b" <"$tmp/fraud" >"$tmp/b.json")
same 'same state, same bytes' "$(cd "$tmp/a" && find . -type f | sort | xargs sha256sum)" \
	"$(cd "$tmp/deeper/down/b" && find . -type f | sort | xargs sha256sum)"
same 'files are listed and sorted' "$("$edit" get /artifacts/files <"$tmp/b.json" |
	grep -o '"path":"[^"]*"' | cut -d'"' -f4)" \
	"$(cd "$tmp/a" && find . -type f | cut -c3- | LC_ALL=C sort)"
n=$(find "$tmp/a" -type f | wc -l)
ok "a whole repository ($n files)" test "$n" -gt 120

# Nothing of this machine, no leftovers of templates, no placeholders.
leak=$(grep -rnEi "$(hostname)|$top|$tmp|/home/|/root/|@localhost|\bTODO\b|\bFIXME\b|changeme|lorem ipsum" "$tmp/a" | head -n 5)
same 'no host, path or placeholder' "$leak" ''
same 'no unrendered token' "$(grep -rnE '\{\{[#/^>&]|<%|%>' "$tmp/a" | grep -v '\${{' | head -n 5)" ''
actions=$(grep -rhoE 'uses: .*' "$tmp/a/.github" | grep -vE '@[0-9a-f]{40} # ')
same 'actions are pinned by commit' "$actions" ''
same 'packages are pinned and hashed' "$(grep -hE '^[a-z]' "$tmp"/a/requirements/*.txt |
	grep -vE '^[a-z0-9-]+==[^ ]+ \\$')" ''

# Approval.
"$edit" set /hitl/status '"waiting"' <"$tmp/fraud" >"$tmp/waiting"
status 10 'an unapproved plan' codegen "$tmp/waiting" -o "$tmp/none"
"$edit" set /plan/slots/0/params/retention_days 7 <"$tmp/fraud" >"$tmp/void"
status 10 'a plan changed after approval' codegen "$tmp/void" -o "$tmp/none"
"$edit" set /plan/feasible false <"$tmp/fraud" >"$tmp/infeasible"
status 10 'an infeasible plan' codegen "$tmp/infeasible" -o "$tmp/none"
ok 'nothing was generated' test ! -e "$tmp/none"
status 2 'no directory' codegen "$tmp/fraud"

# Dry run.
status 0 'dry run' codegen "$tmp/fraud" --dry-run -o "$tmp/none"
ok 'a dry run writes nothing' test ! -e "$tmp/none"
same 'a dry run has the same manifest' "$("$edit" get /artifacts/content_digest <"$tmp/out")" \
	"$("$edit" get /artifacts/content_digest <"$tmp/b.json")"

# Generating again: untouched files are replaced or go, edited ones stay.
cp -r "$tmp/a" "$tmp/again"
status 0 'another plan over an untouched repository' codegen "$tmp/rag" -o "$tmp/again"
status 0 'the other plan alone' codegen "$tmp/rag" -o "$tmp/ragonly"
ok 'what the new plan has not is gone' diff -r "$tmp/again" "$tmp/ragonly"
cp -r "$tmp/a" "$tmp/edited"
echo '# mine' >>"$tmp/edited/README.md"
status 73 'an edit is not overwritten' codegen "$tmp/rag" -o "$tmp/edited"
ok 'the edit is there' grep -q '^# mine' "$tmp/edited/README.md"
ok 'and nothing else changed' diff -rq -x README.md "$tmp/a" "$tmp/edited"
cp -r "$tmp/a" "$tmp/own"
echo mine >"$tmp/own/notes.txt"
status 0 'files of somebody else' codegen "$tmp/rag" -o "$tmp/own"
ok 'stay' grep -q mine "$tmp/own/notes.txt"

# One pattern exchanged: its own files, the call of its module, and documents of the plan.
n=0
while [ "$("$edit" get "/plan/slots/$n/pattern" <"$tmp/fraud" 2>/dev/null)" != '"aws.observe.cloudwatch"' ] && [ $n -lt 30 ]; do
	n=$((n + 1))
done
module=$("$edit" get "/plan/slots/$n/module" <"$tmp/fraud" | tr -d '"')
"$edit" set "/plan/slots/$n/pattern" '"aws.observe.prometheus-grafana"' <"$tmp/fraud" |
	"$edit" set "/plan/slots/$n/params" '{"series":200,"interval_s":30,"editors":2,"viewers":3}' |
	approve >"$tmp/exchanged"
status 0 'a plan with one other pattern' codegen "$tmp/exchanged" -o "$tmp/other"
same 'only the files of that pattern differ' "$(diff -rq "$tmp/a" "$tmp/other" |
	sed -e "s|^Only in $tmp/[a-z]*/*||" -e "s|^Files $tmp/a/\([^ ]*\) and .*|\1|" -e 's|: |/|' |
	grep -vE "^(README.md|mlops.lock.json|docs/.*|infra/$module.tf|infra/modules/observe_(cloudwatch|prometheus_grafana))\$")" ''

# A model whose tokens have no price in this Region.
jq -c '.cost.breakdown[:1] as $line | .cost.breakdown += [($line[] | .unit_price_usd = null) |
	(.component = "generate-in"), (.component = "generate-out")]' "$tmp/rag" |
	approve >"$tmp/unpriced"
status 0 'a plan with an unpriced model' codegen "$tmp/unpriced" -o "$tmp/unpriced.d"
same 'no number is missing' "$(grep -rnE '=(,|$)|= *[,)]' --include=settings.py "$tmp/unpriced.d/services")" ''
ok 'and the runbook says so' grep -q 'no price is known' "$tmp/unpriced.d/docs/runbook.md"

# Links and paths.
mkdir -p "$tmp/link" "$tmp/outside"
ln -s "$tmp/outside" "$tmp/link/infra"
status 73 'a link in the way' codegen "$tmp/fraud" -o "$tmp/link"
same 'nothing was written through it' "$(ls "$tmp/outside")" ''
for module in ../x 'a/b' 'x"y' ''; do
	"$edit" set /plan/slots/0/module "\"${module//\"/\\\"}\"" <"$tmp/fraud" | approve >"$tmp/bad"
	status 65 "module name '$module'" codegen "$tmp/bad" -o "$tmp/none"
done
"$edit" set /plan/slots/0/pattern '"aws.../../../etc"' <"$tmp/fraud" | approve >"$tmp/bad"
status 65 'a pattern id that is a path' codegen "$tmp/bad" -o "$tmp/none"
"$edit" set /plan/slots/0/pattern '"aws.store.nothing"' <"$tmp/fraud" | approve >"$tmp/bad"
status 78 'a pattern that is not there' codegen "$tmp/bad" -o "$tmp/none"
"$edit" set /plan/regions '[]' <"$tmp/fraud" | "$edit" set /constraints/regions '[]' | approve >"$tmp/bad"
status 65 'a plan without a region' codegen "$tmp/bad" -o "$tmp/none"

# Hostile text wherever constraints and plans hold text.
long=$(printf 'n%.0s' {1..10240})
nasty=(
	'quote\"s and '\''s' 'line\nbreak' '${var.x} %{if true}' '{{#x}} {{{y}}} <%z%>' '../../etc/passwd'
	'$(touch /tmp/pwned) `id`; rm -rf *' '*/ --> # <script>alert(1)</script>' '日本語 ünï ‮' "$long"
	'back\\slash \\u0041' ': - [yaml] &a *b !!c' '| table | cell |'
)
for text in "${nasty[@]}"; do
	state=$tmp/fraud
	for at in /constraints/storage_prefs/0 /constraints/existing_stack/0 /constraints/exclusions/0 \
		/constraints/team_constraints/languages/0 /constraints/observability_prefs/0; do
		parent=${at%/0}
		"$edit" set "$parent" "[\"$text\"]" <"$state" >"$tmp/h" && mv "$tmp/h" "$tmp/hostile"
		state=$tmp/hostile
	done
	for at in /plan/slots/7/why /plan/assumptions/0/value /plan/assumptions/0/why /constraints/compliance; do
		value="\"$text\""
		[ "$at" = /constraints/compliance ] && value="[\"$text\"]"
		"$edit" set "$at" "$value" <"$tmp/hostile" >"$tmp/h" && mv "$tmp/h" "$tmp/hostile"
	done
	approve <"$tmp/hostile" >"$tmp/h"
	rm -rf "$tmp/hostile.d"
	status 0 "hostile text ${text:0:24}" codegen "$tmp/h" -o "$tmp/hostile.d"
	same 'the same files' "$(cd "$tmp/hostile.d" && find . -type f | sort)" "$(cd "$tmp/a" && find . -type f | sort)"
	same 'no script element' "$(grep -rl --exclude='*.json' '<script>' "$tmp/hostile.d" | head -n 1)" ''
	same 'no table cell escapes' "$(grep -rn '^| .*[^\\]| cell |$' "$tmp/hostile.d/docs" | head -n 1)" ''
	count=$((${count:-0} + 1))
	if [ $((count % 3)) -ne 1 ]; then
		: # one in three is enough for the slow reader
	elif command -v terraform >/dev/null; then
		ok 'Terraform reads it' terraform fmt -check -recursive "$tmp/hostile.d/infra"
	else
		skip 'terraform fmt: terraform is not installed'
	fi
	if command -v python3 >/dev/null; then
		ok 'Python reads it' env PYTHONPYCACHEPREFIX="$tmp/pyc" python3 -m compileall -q "$tmp/hostile.d/common" "$tmp/hostile.d/services"
	else
		skip 'compileall: python3 is not installed'
	fi
done
ok 'nothing was executed' test ! -e /tmp/pwned
finish
