#!/usr/bin/env bash
# Hostile text in every free text of constraints and plan at once, in two whole
# repositories that the real tools then read, type-check, test and validate: what a user
# types stays text in every language that a file is written in.
# shellcheck source-path=SCRIPTDIR/../integration source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../integration/lib.sh"
# shellcheck source=plans.sh
. "$(dirname "$0")/plans.sh"
command -v python3 >/dev/null || {
	skip 'hostile text: python3 is not installed'
	finish
}

# stuff STATE: each text that no list of words bounds becomes the nasty one; says how many.
cat >"$tmp/stuff.py" <<'PY'
import json, sys

NASTY = (
    "'\"\"\" \" ' \\ \n\r\t ${var.x} %{if true} {{x}} {{{y}}} {{#z}} <%w%> ../../etc/passwd $(touch PWNED) "
    "`touch PWNED` ; rm -rf * && | > < & # // /* */ --> <script>alert(1)</script> ]]> : - [yaml] &a *b !!c "
    "| cell | [link](javascript:1) @user ::set-output name=x:: ${{ github.token }} %PATH% \\u0041 \\N{DIGIT ONE} "
    "\u202e\u65e5\u672c\u8a9e \u00fcn\u00ef \U0001f600 {0} %s $HOME $$ ~ ! = , "
).replace("PWNED", sys.argv[1])
WORDS = {"cloud", "regions", "data_residency", "data_classification", "workload_types", "use_cases",
         "deployment_pref", "currency", "period"}
KEEP = {"pattern", "slot", "module", "capability", "workload", "version", "sku", "service", "region", "port", "from", "to",
        "base", "component", "kind", "diagram_mermaid", "sha256", "cloud", "unit", "price", "id"}
count = 0


def stuff(value, keep, name=""):
    global count
    if isinstance(value, dict):
        return {k: v if k in keep else stuff(v, keep, k) for k, v in value.items()}
    if isinstance(value, list):
        return [stuff(v, keep, name) for v in value]
    if isinstance(value, str):
        count += 1
        return NASTY * 20 if count % 17 == 0 else NASTY
    return value


state = json.load(sys.stdin)
c = state["constraints"]
for field in ("storage_prefs", "existing_stack", "exclusions", "observability_prefs", "compliance"):
    c.setdefault(field, ["x"])
c["team_constraints"] = {"languages": ["x"], "skills": ["y"], "size": 5}
state["constraints"] = stuff(c, WORDS)
for slot in state["plan"]["slots"] + state["plan"]["bases"]:
    for field in ("why", "title"):
        if field in slot:
            slot[field] = stuff(slot[field], KEEP)
for field in ("assumptions", "open_questions"):
    state["plan"][field] = stuff(state["plan"].get(field, []), KEEP)
for line in state.get("cost", {}).get("breakdown", []):
    line["component"] = stuff(line["component"], KEEP)
print(count, file=sys.stderr)
json.dump(state, sys.stdout)
PY

static=ruff-lint,ruff-format,terraform-fmt,hadolint,actionlint,zizmor,yamllint
for name in rag fraud; do
	approved "$name" >"$tmp/$name"
	python3 "$tmp/stuff.py" "$tmp/pwned" <"$tmp/$name" 2>"$tmp/count" | approve >"$tmp/hostile"
	ok "$name: texts were replaced" test "$(cat "$tmp/count")" -ge 20
	ok "$name: generates" bash -c "mlops-codegen -q -o '$tmp/$name.plain' <'$tmp/$name' >'$tmp/plain'"
	ok "$name: generates with hostile text" bash -c "mlops-codegen -q -o '$tmp/$name.d' <'$tmp/hostile' >'$tmp/made'"
	same "$name: the same files" "$(cd "$tmp/$name.d" && find . -type f | sort)" "$(cd "$tmp/$name.plain" && find . -type f | sort)"
	ok "$name: the text is there" grep -rq 'touch' "$tmp/$name.d/docs"
	same "$name: no JSON is broken" "$(find "$tmp/$name.d" -name '*.json' -exec sh -c 'python3 -m json.tool "$1" >/dev/null 2>&1 || echo "$1"' _ {} \;)" ''
	# One repository for the quick readers, one for all: tests and Terraform are slow.
	tools=$static
	[ "$name" = fraud ] && tools=$static,mypy,pytest,terraform-init,terraform-validate,terraform-test,tflint
	(cd "$tmp" && mlops-validate -q -C "$tmp/$name.d" --tools "$tools" <"$tmp/made" >"$tmp/checked")
	same "$name: the tools find nothing" "$(python3 - "$tmp/$name.d/reports/validation.json" <<'PY'
import json, sys
for c in json.load(open(sys.argv[1]))["checks"]:
    if c["status"] in ("fail", "error"):
        print(c["id"], c["status"], [(f.get("file"), f.get("line"), f.get("message")) for f in c.get("findings", [])][:5], c.get("reason", ""))
PY
)" ''
	python3 - "$tmp/$name.d/reports/validation.json" >"$tmp/skips" <<'PY'
import json, sys
for c in json.load(open(sys.argv[1]))["checks"]:
    if c["status"] == "skipped" and "not in" not in c.get("reason", "") and "asked" not in c.get("reason", ""):
        print(c["id"] + ": " + c.get("reason", ""))
PY
	while IFS= read -r line; do skip "$name: $line"; done <"$tmp/skips"
done
ok 'nothing was executed' test ! -e "$tmp/pwned"
finish
