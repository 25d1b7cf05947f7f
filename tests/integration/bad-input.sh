#!/usr/bin/env bash
# Bad input, over every filter: the contract's exit status, one line that names what
# is wrong and where, an empty stdout, and no half-written file.
. "$(dirname "$0")/lib.sh"
unset MLOPS_DB MLOPS_SHARE MLOPS_EXEC_PATH SOURCE_DATE_EPOCH
export MLOPS_SHARE=$top/share
filters="plan critic policy gate codegen validate rationale diff"

# The states that each filter reads, from one real run.
state() { echo "$tmp/state/$1.json"; }
make_states() {
	local s=$tmp/state
	mkdir "$s"
	mlops-intake --brief examples/rag-startup.md --compact </dev/null >"$(state plan)" &&
		mlops-plan --compact <"$(state plan)" >"$(state critic)" &&
		mlops-critic --compact <"$(state critic)" >"$(state policy)" &&
		mlops-policy --compact <"$(state policy)" >"$(state gate)" &&
		mlops-gate --compact --approve --actor tester <"$(state gate)" >"$(state codegen)" &&
		mlops-codegen --compact -o "$tmp/good" <"$(state codegen)" >"$(state validate)" || return
	mlops-validate --compact --tools none -C "$tmp/good" <"$(state validate)" >"$(state rationale)"
	case $? in 0 | 12) ;; *) return 1 ;; esac
	mlops-rationale --compact -C "$tmp/good" <"$(state rationale)" >"$(state diff)"
}

# options FILTER: what it needs to run beside a state.
options() {
	case $1 in
	codegen) echo "-o $tmp/out" ;;
	validate) echo "--tools none -C $tmp/good" ;;
	rationale | diff) echo "-C $tmp/good" ;;
	gate) echo "--approve --actor tester" ;;
	esac
}

# run FILTER INPUT [OPTION ...]: status in $got, output in $tmp/o, messages in $tmp/e.
run() {
	local filter=$1 input=$2
	shift 2
	# shellcheck disable=SC2046
	mlops-"$filter" --compact $(options "$filter") "$@" <"$input" >"$tmp/o" 2>"$tmp/e"
	got=$?
}

# refused NAME STATUS TEXT: how the last run ended.
refused() {
	local lines
	lines=$(wc -l <"$tmp/e")
	if [ "$got" -ne "$2" ]; then
		fail "$1: exit status $got, not $2: $(head -n 3 "$tmp/e")"
	elif [ -s "$tmp/o" ]; then
		fail "$1: stdout is not empty"
	elif ! grep -qF -- "$3" "$tmp/e"; then
		fail "$1: nobody said '$3': $(head -n 3 "$tmp/e")"
	elif [ "$lines" -ne 1 ]; then
		fail "$1: $lines lines on stderr, not one: $(head -n 3 "$tmp/e")"
	else
		pass
	fi
}

# left_out NAME FILE: planned without one pattern, which a warning names (0, or 14 when
# nothing fits without it), and which stands among those that were not chosen.
left_out() {
	if [ "$got" -ne 0 ] && [ "$got" -ne 14 ]; then
		fail "$1: exit status $got: $(head -n 3 "$tmp/e")"
	elif ! grep -F "warning: pattern left out" "$tmp/e" | grep -qF -- "$2"; then
		fail "$1: no warning names $2: $(head -n 3 "$tmp/e")"
	elif ! grep -qE '"kind": ?"broken"' "$tmp/o"; then
		fail "$1: the plan does not say that it was made without it"
	else
		pass
	fi
}

# edit INPUT OUTPUT PYTHON: changes a state `s`.
edit() {
	python3 - "$1" "$2" <<EOF
import json, sys
s = json.load(open(sys.argv[1]))
$3
json.dump(s, open(sys.argv[2], "w"))
EOF
}

# left DIR: temporary files that an interrupted writer may have left.
left() { find "$1" -name '*.tmp*' -o -name '.*.??????' | head -n 3; }

if ! make_states >"$tmp/e" 2>&1; then
	fail "the pipe itself does not run: $(tail -n 3 "$tmp/e")"
	finish
fi

# ---- what stands on stdin ----
printf '{"schema_version":2,"brief":{"text":"a' >"$tmp/truncated"
printf 'not json\n' >"$tmp/text"
printf '{"schema_version":2,"x":"\xff\xfe"}' >"$tmp/utf8"
printf '{"schema_version":2,"x":"a\0b"}' >"$tmp/nul"
printf '{"schema_version":2,"x":"\\u0000"}' >"$tmp/nul-escaped"
printf '{"schema_version":2,"x":1,"x":2}' >"$tmp/twice"
printf '{"schema_version":2,"x":12345678901234567890}' >"$tmp/long"
printf '{"schema_version":99}' >"$tmp/newer"
printf '{"schema_version":"two"}' >"$tmp/odd"
printf '{"schema_version":2} {}' >"$tmp/more"
python3 -c "print('{\"schema_version\":2,\"x\":' + '['*100000 + ']'*100000 + '}')" >"$tmp/deep"
for f in intake $filters; do
	run "$f" /dev/null
	refused "$f: empty stdin" 65 "no state on stdin"
	run "$f" "$tmp/truncated"
	refused "$f: truncated" 65 "byte 36: the text ends inside a string"
	run "$f" "$tmp/utf8"
	refused "$f: invalid UTF-8" 65 "not valid UTF-8"
	run "$f" "$tmp/nul"
	refused "$f: a NUL byte" 65 "byte 26"
	run "$f" "$tmp/nul-escaped"
	refused "$f: an escaped NUL" 65 'u0000 is refused'
	run "$f" "$tmp/deep"
	refused "$f: deep nesting" 65 "nested too deeply"
	run "$f" "$tmp/twice"
	refused "$f: a name twice" 65 "the name 'x' twice"
	run "$f" "$tmp/long"
	refused "$f: a long integer" 65 "past 2^53-1"
	run "$f" "$tmp/more"
	refused "$f: more than a state" 65 "something follows"
	run "$f" "$tmp/newer"
	refused "$f: a newer schema version" 65 "/schema_version"
	run "$f" "$tmp/odd"
	refused "$f: no schema version" 65 "/schema_version"
	mlops-"$f" --no-such-option <"$tmp/text" >"$tmp/o" 2>"$tmp/e"
	got=$?
	refused "$f: an unknown option" 2 "--no-such-option"
done
for f in $filters; do
	run "$f" "$tmp/text"
	refused "$f: not JSON" 65 "byte 0"
	printf '[]' >"$tmp/array"
	run "$f" "$tmp/array"
	refused "$f: an array" 65 "object"
done
run intake "$tmp/text" --state
refused "intake --state: not JSON" 65 "is not a state"
head -c 9000000 /dev/zero | tr '\0' 'a' >"$tmp/big"
run intake "$tmp/big"
refused "intake: an oversized brief" 65 "at most 8388608 are read"
run intake /dev/null --brief "$tmp/big"
refused "intake --brief: an oversized brief" 65 "$tmp/big"
run intake /dev/null --brief "$tmp/none"
refused "intake --brief: no such file" 66 "$tmp/none"

# ---- a state of the wrong shape ----
# what each reads, made a number; the message starts with the pointer
wrong() {
	local f=$1 key=$2
	edit "$(state "$f")" "$tmp/wrong" "s['$key'] = 7"
	run "$f" "$tmp/wrong"
	refused "$f: $key is a number" 65 "/$key"
}
wrong plan constraints
wrong critic plan
wrong critic constraints
wrong policy cost
wrong policy critique
wrong gate policy
wrong codegen plan
wrong codegen hitl
wrong validate artifacts
wrong rationale reports
wrong diff rationale
edit "$(state plan)" "$tmp/wrong" "s['constraints']['sla_latency_ms'] = 'fast'"
run plan "$tmp/wrong"
refused "plan: a text for a number" 65 "/constraints/sla_latency_ms"
edit "$(state critic)" "$tmp/wrong" "s['plan']['bom'][0]['qty'] = None"
run critic "$tmp/wrong"
refused "critic: no quantity" 65 "/plan/bom/0/qty"
edit "$(state codegen)" "$tmp/wrong" "s['plan']['slots'][0]['pattern'] = 'aws.serve.nothing'"
run codegen "$tmp/wrong"
if [ "$got" -ne 0 ] && [ "$got" -lt 79 ] && [ ! -e "$tmp/out/README.md" ]; then pass; else
	fail "codegen: an unknown pattern: exit status $got"
fi
rm -rf "$tmp/out"

# ---- an older version, unknown keys ----
for f in $filters; do
	edit "$(state "$f")" "$tmp/extra" "s['x_other'] = {'z': [1, {'y': 'é'}], 'a': None}"
	run "$f" "$tmp/extra"
	if [ "$got" -eq 0 ] || [ "$got" -eq 12 ]; then
		same "$f: an unknown key passes through" '{"z":[1,{"y":"é"}],"a":null}' \
			"$(python3 -c 'import json,sys; print(json.dumps(json.load(sys.stdin)["x_other"], ensure_ascii=False, separators=(",", ":")))' <"$tmp/o")"
	else
		fail "$f: an unknown key: exit status $got: $(head -n 2 "$tmp/e")"
	fi
done
rm -rf "$tmp/out"
printf '{"schema_version":1,"brief":"A nightly batch job on AWS in eu-central-1."}' >"$tmp/older"
run intake "$tmp/older"
if [ "$got" -eq 0 ] && grep -q '"schema_version":2' "$tmp/o"; then pass; else
	fail "intake: an older state is upgraded: exit status $got: $(head -n 2 "$tmp/e")"
fi

# ---- share/ ----
for f in intake plan critic policy codegen; do
	run "$f" "$(state "$([ "$f" = intake ] && echo plan || echo "$f")")" --share "$tmp/no-share"
	refused "$f: no share/" 78 "$tmp/no-share"
done
cp -r share "$tmp/share"
broken=$(find "$tmp/share/patterns/aws" -name pattern.json | sort | head -n 1)
printf '{"id": ' >"$broken"
run plan "$(state plan)" --share "$tmp/share"
left_out "plan: a truncated pattern" "${broken#"$tmp/share/"}"
rm -rf "$tmp/share/patterns" && cp -r share/patterns "$tmp/share/patterns"
python3 - "$broken" <<'EOF'
import json, sys
p = json.load(open(sys.argv[1]))
p["version"] = 7
json.dump(p, open(sys.argv[1], "w"))
EOF
run plan "$(state plan)" --share "$tmp/share"
left_out "plan: a pattern of the wrong shape" "${broken#"$tmp/share/"}"
rm -rf "$tmp/share/patterns" && cp -r share/patterns "$tmp/share/patterns"
find "$tmp/share/prices/aws" -name '*.json' -exec sh -c 'printf "{\"prices\": [1" >"$1"' _ {} \;
run critic "$(state critic)" --share "$tmp/share"
refused "critic: a broken price book" 78 "prices/aws"
run plan "$(state plan)" --share "$tmp/share"
refused "plan: a broken price book" 78 "prices/aws"
rm -rf "$tmp/share/prices" && cp -r share/prices "$tmp/share/prices"
rule=$(find "$tmp/share/policies" -name '*.json' | sort | head -n 1)
printf '[' >"$rule"
run policy "$(state policy)" --share "$tmp/share"
refused "policy: a broken rule" 78 "${rule#"$tmp/share/"}"

# ---- where output goes ----
echo "in the way" >"$tmp/file"
mlops-codegen -o "$tmp/file" <"$(state codegen)" >"$tmp/o" 2>"$tmp/e"
got=$?
refused "codegen: a file in place of the directory" 73 "$tmp/file"
same "the file stays" "in the way" "$(cat "$tmp/file")"
mlops-codegen -o "$tmp/file/sub" <"$(state codegen)" >"$tmp/o" 2>"$tmp/e"
got=$?
refused "codegen: below a file" 73 "$tmp/file"
mlops-codegen -o /proc/none <"$(state codegen)" >"$tmp/o" 2>"$tmp/e"
got=$?
refused "codegen: where nothing can be made" 73 "/proc/none"
mkdir "$tmp/elsewhere" "$tmp/linked"
ln -s "$tmp/elsewhere" "$tmp/linked/infra"
mlops-codegen -o "$tmp/linked" <"$(state codegen)" >"$tmp/o" 2>"$tmp/e"
got=$?
refused "codegen: a symbolic link in the way" 73 "infra"
same "nothing is written through it" "" "$(ls -A "$tmp/elsewhere")"
for path in ../escape.txt /etc/escape.txt a/../../escape.txt; do
	edit "$(state validate)" "$tmp/wrong" "s['artifacts']['files'][0]['path'] = '$path'"
	run validate "$tmp/wrong"
	refused "validate: the path $path" 65 "/artifacts/files/0"
	run rationale "$tmp/wrong"
	refused "rationale: the path $path" 65 "/artifacts/files/0"
	run diff "$tmp/wrong"
	refused "diff: the path $path" 65 "/artifacts/files/0"
done
for f in validate rationale diff; do
	mlops-"$f" -C "$tmp/no-such-dir" <"$(state "$f")" >"$tmp/o" 2>"$tmp/e"
	got=$?
	refused "$f: no such directory" 66 "$tmp/no-such-dir"
done

# A full disk: no file may grow past 8 KiB.
(
	trap '' XFSZ
	ulimit -f 8
	mlops-codegen -o "$tmp/full" <"$(state codegen)" 2>"$tmp/e.full" | head -c 10 >"$tmp/o.full"
	echo "${PIPESTATUS[0]}" >"$tmp/got.full"
) 2>/dev/null
cp "$tmp/e.full" "$tmp/e" && cp "$tmp/o.full" "$tmp/o" && got=$(cat "$tmp/got.full")
refused "codegen: a full disk" 74 "cannot write"
same "a full disk leaves no half file" "" "$(left "$tmp/full")"

# ---- stdout ----
for f in intake $filters; do
	in=$(state "$([ "$f" = intake ] && echo plan || echo "$f")")
	# shellcheck disable=SC2046
	mlops-"$f" $(options "$f") <"$in" >&- 2>"$tmp/e"
	got=$?
	: >"$tmp/o"
	refused_quietly=$(grep -c 'stdout' "$tmp/e")
	if [ "$got" -eq 74 ] && [ "$refused_quietly" -ge 1 ]; then pass; else
		fail "$f: a closed stdout: exit status $got: $(head -n 2 "$tmp/e")"
	fi
	if [ -w /dev/full ]; then
		# shellcheck disable=SC2046
		mlops-"$f" $(options "$f") <"$in" >/dev/full 2>"$tmp/e"
		got=$?
		if [ "$got" -eq 74 ] && grep -q 'stdout' "$tmp/e"; then pass; else
			fail "$f: a full stdout: exit status $got: $(head -n 2 "$tmp/e")"
		fi
	else
		skip "$f: a full stdout: there is no /dev/full"
	fi
	# A reader that goes away ends it by SIGPIPE or with 74, never otherwise.
	# shellcheck disable=SC2046
	mlops-"$f" $(options "$f") <"$in" 2>/dev/null | true
	got=${PIPESTATUS[0]}
	case $got in 0 | 12 | 74 | 141) pass ;; *) fail "$f: a reader that goes away: $got" ;; esac
done
rm -rf "$tmp/out"

# ---- killed in the middle ----
# Whatever is there after a kill is whole: it has the bytes of the finished run.
whole() {
	(cd "$1" && find . -type f | sort) | while read -r p; do
		cmp -s "$1/$p" "$tmp/fresh/$p" || echo "$p"
	done | head -n 3
}
mlops-codegen -o "$tmp/fresh" <"$(state codegen)" >/dev/null 2>&1
for ms in 2 5 9 14 20 30; do
	rm -rf "$tmp/killed"
	mlops-codegen -o "$tmp/killed" <"$(state codegen)" >/dev/null 2>&1 &
	pid=$!
	sleep "0.0$(printf '%02d' "$ms")"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	[ -d "$tmp/killed" ] || { pass && continue; }
	same "codegen killed after $ms ms: only whole files" "" "$(whole "$tmp/killed" | grep -v '/\.')"
	mlops-codegen -o "$tmp/killed" <"$(state codegen)" >/dev/null 2>"$tmp/e"
	same "codegen after a kill ($ms ms) completes" "" \
		"$(diff -rq "$tmp/fresh" "$tmp/killed" | head -n 3)"
done

finish
