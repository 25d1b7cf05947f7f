#!/usr/bin/env bash
# mlops-validate and mlops-rationale on hand-made repositories with tools that
# pass, fail, hang, flood, crash, grow, talk rubbish, are old or are not there.
. tests/integration/lib.sh

export MLOPS_TF_MIRRORS=$tmp/no-mirror HOME=$tmp/home
mkdir -p "$HOME" "$tmp/bin" "$tmp/scratch"
unset TF_CLI_CONFIG_FILE MLOPS_PYTHON
plain=/usr/bin:/bin
programs=$top/$build/bin

# manifest DIR: a state whose artifacts are the files of DIR.
manifest() {
	(cd "$1" && find . -type f ! -path './reports/*' | sed 's,^\./,,' | sort |
		while read -r f; do
			jq -n --arg p "$f" --arg s "$(sha256sum <"$f" | cut -c1-64)" --argjson n "$(stat -c %s "$f")" \
				'{path: $p, sha256: $s, size_bytes: $n, kind: "config", mode: "0644", origin: "skeleton"}'
		done | jq -s '{schema_version: 2, plan: {feasible: true, slots: []},
			artifacts: {content_digest: ("0" * 64), files: .}}')
}

# fake NAME VERSION BODY: a tool that answers --version and else runs BODY.
fake() {
	printf '#!/bin/sh\ncase $1 in --version|-version|version) echo "%s %s"; exit 0;; esac\n%s\n' "$1" "$2" "$3" >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}

# validate DIR ARGS...: status in $status, state in $tmp/out.json.
validate() {
	local dir=$1
	shift
	TMPDIR=$tmp/scratch PATH=$tmp/bin:$plain "$programs/mlops-validate" -q -C "$dir" "$@" \
		<"$tmp/state.json" >"$tmp/out.json" 2>"$tmp/err"
	status=$?
}

check() { jq -r --arg id "$1" ".reports.checks[] | select(.id == \$id) | $2" "$tmp/out.json"; }

repo=$tmp/repo
mkdir -p "$repo/app" "$repo/infra" "$repo/.github/workflows" "$repo/requirements"
echo 'x: int = 1' >"$repo/app/main.py"
printf 'on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2\n' >"$repo/.github/workflows/ci.yml"
printf 'FROM python:3.12-slim AS build\nFROM --platform=linux/amd64 gcr.io/distroless/base@sha256:%064d\nFROM build\n' 0 >"$repo/Dockerfile"
printf 'fastapi==0.115.0 \\\n    --hash=sha256:%064d\n# a comment\n-r other.txt\n' 1 >"$repo/requirements/service.txt"
printf 'terraform {\n  required_providers {\n    aws = {\n      source  = "hashicorp/aws"\n      version = ">= 5.100, < 7"\n    }\n  }\n}\n' >"$repo/infra/versions.tf"
echo '#!/bin/sh' >"$repo/run.sh"
manifest "$repo" >"$tmp/state.json"

# ---- a missing tool is skipped, never passed ----
validate "$repo" --tools ruff,hadolint,actionlint,terraform,tflint
same "nothing installed: status" 0 "$status"
same "ruff is not there" "skipped ruff is not installed" "$(check ruff-lint '.status + " " + .reason')"
same "no tool passed" "" "$(jq -r '.reports.checks[] | select(.tool != null and .status != "skipped") | .id' "$tmp/out.json")"
validate "$repo" --strict --tools ruff
same "--strict: a missing tool fails" "12 fail" "$status $(check ruff-lint .status)"

# ---- tools that behave badly ----
fake ruff 0.9.0 'echo "[]"; exit 0'
fake hadolint 2.12.0 'sleep 60'
fake actionlint 1.7.0 'kill -SEGV $$'
fake shellcheck 0.9.0 'yes "noise noise noise noise"'
fake yamllint 1.0 'echo "no such thing" >&2; exit 77'
fake tflint 0.60.0 'echo "<<< not JSON >>>"; exit 0'
fake zizmor 1.0.0 'x=a; while :; do x=$x$x; done'
start=$(date +%s)
validate "$repo" --tools ruff-lint,hadolint,actionlint,shellcheck,yamllint,tflint --timeout 2 -j 6
same "bad tools: status" 12 "$status"
same "a good one went on" pass "$(check ruff-lint .status)"
same "a hanging tool" "error hadolint did not end within 2 s and was ended" "$(check hadolint '.status + " " + .reason')"
same "a crashing tool" "error actionlint was ended by signal 11 (SEGV)" "$(check actionlint '.status + " " + .reason')"
same "a flooding tool" "error shellcheck printed more than 8 MiB and was ended" "$(check shellcheck '.status + " " + .reason')"
same "a status nobody knows" "error yamllint ended with status 77: no such thing" "$(check yamllint '.status + " " + .reason')"
same "rubbish" "error" "$(check tflint .status)"
ok "all within the deadline" test $(($(date +%s) - start)) -lt 20
same "nothing is left behind" "" "$(ls "$tmp/scratch")"
fake ruff 0.0.9 'exit 0'
validate "$repo" --tools ruff-lint
same "an old tool" "error ruff 0.0.9 is older than 0.4, the oldest known to work" "$(check ruff-lint '.status + " " + .reason')"
printf '#!/bin/sh\nexit 3\n' >"$tmp/bin/ruff"
validate "$repo" --tools ruff-lint
same "a tool without a version" "error ruff does not tell its version" "$(check ruff-lint '.status + " " + .reason')"

# ---- growth is bounded ----
jq '.checks |= map(if .id == "zizmor" then .memory_mb = 60 else . end)' share/validators.json >"$tmp/validators.json"
cp -r share "$tmp/share" && cp "$tmp/validators.json" "$tmp/share/validators.json"
fake zizmor 1.0.0 'exec python3 -c "import time
x = []
while True:
    x.append(bytearray(10000000)); time.sleep(0.02)"'
validate "$repo" --tools zizmor --timeout 20 --share "$tmp/share"
same "a growing tool" "error zizmor took more than 60 MiB of memory and was ended" "$(check zizmor '.status + " " + .reason')"

# ---- findings ----
fake ruff 0.9.0 'printf "[{\"code\":\"F401\",\"message\":\"unused \\\\u001b[31m name\",\"filename\":\"%s/app/main.py\",\"location\":{\"row\":1,\"column\":2}}]" "$(pwd)"; exit 1'
validate "$repo" --tools ruff-lint
same "a finding fails" "12 fail app/main.py:1:2 F401" \
	"$status $(check ruff-lint '.status + " " + (.findings[0] | "\(.file):\(.line):\(.column) \(.rule)")')"
ok "no scratch name in the reports" sh -c "! grep -r mlops-validate- '$repo/reports'"
ok "no control character in the reports" sh -c "! grep -rP '[\x00-\x08\x0b-\x1f]' '$repo/reports'"
same "junit counts it" 1 "$(grep -c 'classname="ruff-lint".*F401' "$repo/reports/junit.xml")"

# ---- accepted findings carry their reason ----
fake checkov 3.2.0 'printf "{\"results\": {\"failed_checks\": [%s], \"skipped_checks\": [%s]}}" \
	"{\"check_id\": \"CKV_X_1\", \"check_name\": \"one\", \"file_abs_path\": \"$(pwd)/versions.tf\", \"file_line_range\": [3, 4]}" \
	"{\"check_id\": \"CKV_X_2\", \"check_name\": \"two\", \"file_abs_path\": \"$(pwd)/versions.tf\", \"check_result\": {\"suppress_comment\": \"$(cat ../why)\"}}"; exit 1'
accepted() { jq -n --arg why "$1" '{accepted: {checkov: [{rule: "CKV_X_1", files: ["infra/*.tf"], why: $why}]}}' >"$tmp/share/skeleton/accepted.json"; }
echo 'the port is closed' >"$repo/why"
manifest "$repo" >"$tmp/state.json"
accepted 'a reason <of> ours'
validate "$repo" --tools checkov --share "$tmp/share"
same "accepted with a reason, by table and by comment" "0 pass 0 CKV_X_1 a reason <of> ours,CKV_X_2 the port is closed" \
	"$status $(check checkov '"\(.status) \(.findings_total) " + ([.waived[] | .rule + " " + .why] | sort | join(","))')"
same "SARIF suppressions say why" "a reason <of> ours,the port is closed" \
	"$(jq -r '[.runs[].results[].suppressions[0].justification | values] | sort | join(",")' "$repo/reports/validation.sarif")"
same "and so do the other reports" "1 1" \
	"$(grep -c 'CKV.*a reason' "$repo/reports/validation.md") $(jq '[.checks[].waived // [] | .[] | select(.why == "the port is closed")] | length' "$repo/reports/validation.json")"
if [ -d ../shared/schemas-external ]; then
	ok "SARIF 2.1.0 schema with suppressions" "$build/tests/check-schema" ../shared/schemas-external/sarif/sarif-2.1.0.draft07.json "$repo/reports/validation.sarif"
fi
: >"$repo/why"
manifest "$repo" >"$tmp/state.json"
validate "$repo" --tools checkov --share "$tmp/share"
same "a comment without a reason is a finding" "12 CKV_X_2 suppressed without a reason" \
	"$status $(check checkov '.findings[] | .rule + " " + .message')"
accepted ''
validate "$repo" --tools checkov --share "$tmp/share"
same "a table without a reason" "78 accepted.json: /accepted/checkov/0 needs a 'rule' and a reason in 'why'" \
	"$status $(sed 's/.*: accepted/accepted/' "$tmp/err")"
rm "$repo/why"
cp share/skeleton/accepted.json "$tmp/share/skeleton/"
manifest "$repo" >"$tmp/state.json"

# ---- a clean place: no variable of ours, no cache in the repository ----
fake ruff 0.9.0 'env >env.txt; mkdir -p .ruff_cache; [ -z "$SECRET_TOKEN$AWS_ACCESS_KEY_ID" ] || exit 1; echo "[]"'
SECRET_TOKEN=x AWS_ACCESS_KEY_ID=y validate "$repo" --tools ruff-lint
same "the environment is clean" pass "$(check ruff-lint .status)"
ok "nothing but reports/ is new" test ! -e "$repo/env.txt" -a ! -e "$repo/.ruff_cache"

fake ruff 0.9.0 'python3 -c "import socket
s = socket.create_server((\"127.0.0.1\", 0))
socket.create_connection(s.getsockname()).close()" || exit 1
id -u | grep -qx '"$(id -u)"' || exit 1
[ "$(python3 -c "import socket; print(len(socket.if_nameindex()))")" = 1 ] || exit 1
echo "[]"'
validate "$repo" --tools ruff-lint
if unshare -n true 2>/dev/null || unshare -rn true 2>/dev/null; then
	same "a network of loopback alone, which works" pass "$(check ruff-lint .status)"
else
	skip "network namespaces: the system forbids them"
fi

# ---- same results, same reports ----
validate "$repo" --tools ruff-lint
cp -r "$repo/reports" "$tmp/first"
cp -r "$repo" "$tmp/elsewhere"
(
	export TZ=Asia/Tokyo
	validate "$tmp/elsewhere" --tools ruff-lint -j 1
)
ok "another directory and time zone: same bytes" diff -r "$tmp/first" "$tmp/elsewhere/reports"
ok "durations stay in the state" sh -c "jq -e '.reports.checks[] | select(.id == \"ruff-lint\") | .duration_ms > 0' '$tmp/out.json' && ! grep -rl duration '$repo/reports'"

# ---- the bill of materials and SARIF are what their schemas say ----
sbom=$repo/reports/sbom.cdx.json
same "components" "actions/checkout,fastapi,gcr.io/distroless/base,hashicorp/aws,python" \
	"$(jq -r '[.components[] | ((.group // "") + (if .group then "/" else "" end) + .name)] | sort | join(",")' "$sbom")"
same "a Python package with its hash" "pkg:pypi/fastapi@0.115.0 SHA-256" \
	"$(jq -r '.components[] | select(.name == "fastapi") | .purl + " " + .hashes[0].alg' "$sbom")"
schemas=../shared/schemas-external
if [ -d "$schemas" ]; then
	ok "CycloneDX 1.6 schema" "$build/tests/check-schema" "$schemas/cyclonedx/bom-1.6.schema.json" "$sbom"
	ok "SARIF 2.1.0 schema" "$build/tests/check-schema" "$schemas/sarif/sarif-2.1.0.draft07.json" "$repo/reports/validation.sarif"
else
	skip "CycloneDX and SARIF schemas: no $schemas"
fi

# ---- the manifest is believed only with its digests ----
echo 'x: int = 2' >"$repo/app/main.py"
rm "$repo/run.sh"
validate "$repo" --tools none
same "an altered and a missing file" "12 fail altered app/main.py,missing run.sh" \
	"$status $(check manifest '.status + " " + ([.findings[] | .rule + " " + .file] | join(","))')"
jq '.artifacts.files[0].path = "../../etc/passwd"' "$tmp/state.json" >"$tmp/evil.json"
PATH=$plain "$programs/mlops-validate" -C "$repo" <"$tmp/evil.json" >"$tmp/o" 2>"$tmp/err"
same "a path that leaves the repository" "65 0" "$? $(stat -c %s "$tmp/o")"
PATH=$plain "$programs/mlops-validate" -C "$tmp/nowhere" <"$tmp/state.json" >"$tmp/o" 2>"$tmp/err"
same "no such directory" "66 0" "$? $(stat -c %s "$tmp/o")"

# ---- a secret ends with 12 and is not repeated ----
mkdir "$tmp/leak"
key=AKIA$(printf 'QX%s' 3ZB7TNVD5MKRHW | cut -c1-16)
echo "aws_key = \"$key\"" >"$tmp/leak/settings.py"
manifest "$tmp/leak" >"$tmp/state.json"
validate "$tmp/leak" --tools none
same "a secret" "12 fail 1" "$status $(check secrets .status) $(jq .reports.secrets_found "$tmp/out.json")"
ok "the secret is not repeated" sh -c "! grep -rq '$key' '$tmp/leak/reports' '$tmp/out.json'"

mkdir "$tmp/digest"
echo text >"$tmp/digest/reset-password.md"
printf '{ "reset-password.md": "%s" }\n' "$(sha256sum <"$tmp/digest/reset-password.md" | cut -c1-64)" >"$tmp/digest/lock.json"
manifest "$tmp/digest" >"$tmp/state.json"
validate "$tmp/digest" --tools none
same "the digest of a file beside its name is none" "0 pass" "$status $(check secrets .status)"

# ---- claims ----
mkdir -p "$tmp/claims/infra/modules/store_s3_lake"
cat >"$tmp/claims/infra/modules/store_s3_lake/main.tf" <<'TF'
locals {
  algorithm = "aws:kms"
}
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = local.algorithm
      kms_master_key_id = var.kms_key_arn
    }
  }
}
resource "aws_s3_bucket_public_access_block" "this" {
  block_public_acls = false
}
TF
manifest "$tmp/claims" | jq '.plan.slots = [{slot: "store@lake", capability: "store", pattern: "aws.store.s3-lake", version: "1.0.0", params: {}, module: "store_lake"}]' >"$tmp/state.json"
jq '.claims = [
	{control: "encryption", file: "infra/modules/{{pattern.module}}/main.tf", proof: {resource: "aws_s3_bucket_server_side_encryption_configuration", argument: "rule.apply_server_side_encryption_by_default.sse_algorithm", equals: "aws:kms"}},
	{control: "own-key", file: "infra/modules/{{pattern.module}}/main.tf", proof: {resource: "aws_s3_bucket_server_side_encryption_configuration", argument: "rule.apply_server_side_encryption_by_default.kms_master_key_id", equals: "var.kms_key_arn"}},
	{control: "private", file: "infra/modules/{{pattern.module}}/main.tf", proof: {resource: "aws_s3_bucket_public_access_block", argument: "block_public_acls", equals: true}},
	{control: "versions", file: "infra/modules/{{pattern.module}}/main.tf", proof: {resource: "aws_s3_bucket_versioning", argument: "status", present: true}}]' \
	share/patterns/aws/store/s3-lake/pattern.json >"$tmp/share/patterns/aws/store/s3-lake/pattern.json"
validate "$tmp/claims" --tools none --share "$tmp/share"
same "claims" "12 encryption proven,own-key proven,private failed,versions failed" \
	"$status $(jq -r '[.claims[] | .control + " " + .status] | join(",")' "$tmp/claims/reports/claims.json")"

# ---- and with a secret nothing leaves the directory ----
cp -r share "$tmp/leaky"
printf 'The key is `%s`.\n' "$key" >>"$tmp/leaky/skeleton/templates/SECURITY.md.mustache"
(cd "$tmp" && MLOPS_SHARE=$tmp/leaky mlops run "$top/examples/batch-training.md" -o leaked --yes --tools none) >"$tmp/o" 2>"$tmp/err"
same "mlops run ends with 12" "12 1" "$? $(jq .reports.secrets_found "$tmp/leaked/state.json")"
same "no zip, no repository, no commit" "state.json 0" "$(ls "$tmp/leaked") $(find "$tmp/.mlops/git" -type f -path '*refs/heads/*' 2>/dev/null | wc -l)"
ok "it says so" grep -q '1 secret in the generated files: nothing is zipped or committed' "$tmp/err"
ok "and does not repeat it" sh -c "! grep -rqF '$key' '$tmp/err' '$tmp/leaked'"
jq '.reports.checks = [] | .reports.files = []' "$tmp/leaked/state.json" >"$tmp/leaked.json"
mkdir -p "$tmp/leakdir"
jq -c '.artifacts.files = []' "$tmp/leaked.json" |
	mlops-diff -q -C "$tmp/leakdir" --zip "$tmp/leak.zip" --git "$tmp/leak.git" --db "sqlite:$tmp/leak.db" >"$tmp/o" 2>"$tmp/err"
same "mlops-diff ends with 12, with its state and nothing else" "12 true" \
	"$? $(jq 'has("diff_summary")' "$tmp/o")$(ls -d "$tmp/leak.zip" 2>/dev/null)"
same "no row" 0 "$(sqlite3 "$tmp/leak.db" 'SELECT count(*) FROM decision_sets' 2>/dev/null || echo 0)"
same "no commit" "" "$(git -C "$tmp/leak.git" rev-parse -q --verify main 2>/dev/null)"

# ---- kept results ----
fake ruff 0.9.0 'echo run >>'"$tmp"'/runs; echo "[]"'
manifest "$tmp/leak" >"$tmp/state.json"
rm -f "$tmp/runs"
validate "$tmp/leak" --tools ruff-lint --cache "$tmp/cache"
cp "$tmp/leak/reports/validation.json" "$tmp/cold.json"
validate "$tmp/leak" --tools ruff-lint --cache "$tmp/cache"
same "a kept result is used" "1 true pass" "$(wc -l <"$tmp/runs") $(check ruff-lint '"\(.cached) \(.status)"')"
ok "with the same report" cmp "$tmp/cold.json" "$tmp/leak/reports/validation.json"
echo 'y = 1' >>"$tmp/leak/settings.py"
manifest "$tmp/leak" >"$tmp/state.json"
validate "$tmp/leak" --tools ruff-lint --cache "$tmp/cache"
same "a changed file runs it again" "2 false" "$(wc -l <"$tmp/runs") $(check ruff-lint .cached)"

# ---- the view on a terminal ----
fake ruff 0.9.0 'sleep 1; echo "[]"'
fake hadolint 2.12.0 'sleep 1; echo "[]"'
manifest "$repo" >"$tmp/state.json"
env -u NO_COLOR TERM=xterm PATH="$tmp/bin:$plain" script -qec \
	"'$programs/mlops-validate' -C '$repo' --tools ruff-lint,hadolint -j 2 <'$tmp/state.json' >'$tmp/out.json'" /dev/null >"$tmp/screen" </dev/null
ok "what runs, and for how long" grep -qF '[ 0/2] ruff-lint 0 s, hadolint 0 s' "$tmp/screen"
ok "what ended, and how" grep -qaE 'ruff-lint +.\[32mpass' "$tmp/screen"

# ---- what may take longest begins first ----
fake hadolint 2.12.0 "echo hadolint >>'$tmp/order'; echo '[]'"
fake actionlint 1.7.0 "echo actionlint >>'$tmp/order'; echo '[]'"
validate "$repo" --tools hadolint,actionlint -j 1
same "a row of 120 s before one of 60 s, told in the table's order" "actionlint,hadolint hadolint,actionlint" \
	"$(paste -sd, "$tmp/order") $(jq -r '[.reports.checks[] | select(.tool) | .id] | join(",")' "$tmp/out.json")"

# ---- a tool that ends neither by itself nor when asked, with children ----
fake ruff 0.9.0 'trap "" TERM; (trap "" TERM; exec sleep 61.6161) & sleep 61.6161'
validate "$repo" --tools ruff-lint --timeout 1
same "it is ended all the same" "error ruff did not end within 1 s and was ended" "$(check ruff-lint '.status + " " + .reason')"
same "with all that it started" "" "$(pgrep -f 'sleep 61[.]6161')"

# ---- stopped half-way ----
manifest "$tmp/leak" >"$tmp/state.json"
fake ruff 0.9.0 'sleep 30'
TMPDIR=$tmp/scratch PATH=$tmp/bin:$plain "$programs/mlops-validate" -q -C "$tmp/leak" --tools ruff-lint \
	<"$tmp/state.json" >"$tmp/o" 2>"$tmp/err" &
sleep 1
kill -TERM $!
wait $!
same "a signal: status 143, no state, nothing left behind" "143 0 " "$? $(stat -c %s "$tmp/o") $(ls "$tmp/scratch")"

# ---- rationale ----
mkdir "$tmp/why"
echo '# x' >"$tmp/why/README.md"
manifest "$tmp/why" | jq --arg key "$key" '.constraints = {cloud: "aws", sla_latency_ms: 200}
	| .provenance = {"/constraints/cloud": {source: "text", quote: ("<script>alert(1)</script> | `" + $key + "` jane@corp.example"), confidence: 0.9, rule: "r"}}
	| .plan = {feasible: true, cloud: "aws", regions: ["eu-west-1"], slots: [{slot: "a@b\u0007", capability: "serve", pattern: "aws.serve.fargate-alb", version: "1.0.0", params: {n: 2}, module: "a_b", why: "cheapest"}], edges: []}
	| .reason_cards = [{decision_id: "0b0e6a42-9c7a-4a0e-8a41-0d9b9c2e6c11", run_id: "x", agent: "planner", node_name: "planner", node_version: "1", trigger: "constraints_updated", inputs: {constraints_keys: ["cloud"], artifacts: [], prior_decisions: []}, candidates: [], choice: {id: "optA", justification: "approved at 2026-01-02T03:04:05Z"}, policy_results: {}, impacts: {monthly_usd: 1, p95_latency_ms: null, availability_pct: null}, confidence: 0.5, risks: ["quota"], probes: [{risk: "quota", probe: "ask"}], links: {gone: "/reports/none.json", page: "/reports/index.html"}, prompt_pack_hash: null, ts: "2026-01-02T03:04:05Z"}]
	| .cost = {monthly_usd: 1, breakdown: [], method: "bom_v1", delta_vs_prev_usd: null, delta_vs_prev_pct: null}
	| .policy = {rules: [{id: "r", status: "pass", detail: "d"}], overall: "pass"}' >"$tmp/state.json"
validate "$tmp/why" --tools none
cp "$tmp/out.json" "$tmp/validated.json"
ok "rationale" sh -c "mlops-rationale -q -C '$tmp/why' <'$tmp/validated.json' >'$tmp/r1.json'"
ok "no element that is not ours" sh -c "! grep -rqE '(^|[^\\\\])<script' '$tmp/why/docs' '$tmp/why/reports/index.html'"
for bad in "$key" jane@corp 03:04:05 $'\a'; do
	same "no '$bad' in any file" "" "$(grep -rlF -- "$bad" "$tmp/why")"
done
same "links lead to files" '{"page":"/reports/index.html"}' "$(jq -c '.cards[0].links' "$tmp/why/reports/rationale.json")"
same "cards have the fixed time" "1980-01-01T00:00:00Z" "$(jq -r '.cards[0].ts' "$tmp/why/reports/rationale.json")"
same "the manifest has every file" "$(cd "$tmp/why" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort)" \
	"$(jq -r '.artifacts.files[].path' "$tmp/r1.json")"
cp -r "$tmp/why" "$tmp/why2"
jq '.reason_cards |= map(.decision_id = "11111111-9c7a-4a0e-8a41-0d9b9c2e6c11" | .run_id = "y" | .ts = "2030-01-01T00:00:00Z")' "$tmp/validated.json" >"$tmp/again.json"
ok "other ids and clock" sh -c "mlops-rationale -q -C '$tmp/why2' <'$tmp/again.json' >'$tmp/r2.json'"
ok "give the same files" diff -r "$tmp/why" "$tmp/why2"
same "and the same manifest" "$(jq -c .artifacts "$tmp/r1.json")" "$(jq -c .artifacts "$tmp/r2.json")"
same "what tools decide is not in the digest" "docs/rationale.md reports/cost.json reports/policy.json" \
	"$(jq -r '[.artifacts.files[] | select(.origin == "rationale_compile") | .path] | join(" ")' "$tmp/r1.json")"
ok "--format md" sh -c "mlops-rationale -q -C '$tmp/why' --format md <'$tmp/validated.json' | grep -q '^# Design Rationale'"
finish
