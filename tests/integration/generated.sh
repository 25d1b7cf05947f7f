#!/usr/bin/env bash
# Generates the repository of every example brief with the real programs and runs
# the repository's own checks: formatters, linters, types, tests, pipelines,
# services over HTTP, Terraform against each provider mirror that is here.
#
#   tests/integration/generated.sh [BUILD] [BRIEF ...]
#
# A repository whose content and tools are those of an earlier green run counts as
# checked (.tools/cache/generated). What a missing tool leaves out is named.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh" "${1:-build}"
[ $# -gt 0 ] && shift
export PATH=$top/.tools/bin:$top/.tools/venv/bin:$PATH
export SOURCE_DATE_EPOCH=315532800 MLOPS_SHARE=$top/share PYTHONDONTWRITEBYTECODE=1
export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1 TF_CLI_ARGS_init=-input=false
briefs=("$@")
if [ "${#briefs[@]}" -eq 0 ]; then
	for b in examples/*.md; do [ "$b" = examples/README.md ] || briefs+=("$b"); done
fi
cache=$top/.tools/cache/generated
mkdir -p "$cache"

have() { command -v "$1" >/dev/null 2>&1; }

# Python that has the packages of generated repositories.
python=
for p in "$top/.tools/venv/bin/python" python3; do
	if "$p" -c 'import boto3, fastapi, jwt, numpy, prometheus_client, pytest, uvicorn' 2>/dev/null; then
		python=$p
		break
	fi
done

# Provider mirrors, as "name=terraform configuration": a real one in a well-known
# place, and one that serves current schemas to the real Terraform.
mirrors=()
for d in "$HOME/.terraform.d/plugins" /usr/share/terraform/plugins /usr/local/share/terraform/plugins /opt/tf-plugins; do
	if [ -d "$d/registry.terraform.io/hashicorp/aws" ]; then
		printf 'disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$d" >"$tmp/real.rc"
		mirrors+=("real=$tmp/real.rc")
		break
	fi
done
schemas=$top/../shared/terraform
if [ -f "$schemas/schema-provider/setup.js" ] && have node; then
	if [ -f "$top/.tools/cache/schemas/terraform.rc" ] ||
		(cd "$schemas/schema-provider" && node setup.js .. "$top/.tools/cache/schemas") >"$tmp/setup" 2>&1; then
		mirrors+=("schemas=$top/.tools/cache/schemas/terraform.rc")
	fi
fi

# Names and versions of what checks, for the cache.
tools_key() {
	for t in ruff mypy pytest yamllint terraform tflint actionlint hadolint zizmor shellcheck; do
		have "$t" && echo "$t $("$t" --version 2>/dev/null | head -n 1)"
	done
	echo "${mirrors[@]%%=*}"
	cat "$0" "${0%.sh}-serve.py"
}

# check NAME COMMAND...: one line to the record of this repository.
check() {
	local name=$1
	shift
	if "$@" >"$out.log" 2>&1; then
		echo "pass $name" >>"$record"
	else
		echo "fail $name (status $?)" >>"$record"
		{
			echo "--- $name"
			grep -v '^$' "$out.log" | tail -n 25
		} >>"$record.why"
	fi
}

# with TOOL NAME COMMAND...: a check that needs a program.
with() {
	local tool=$1
	shift
	if have "$tool"; then check "$@"; else echo "skip $1: no $tool" >>"$record"; fi
}

generate() {
	set -o pipefail
	mlops-intake --compact <"$1" | mlops-plan --compact | mlops-critic --compact |
		mlops-policy --compact | mlops-gate --compact --approve --actor tests |
		mlops-codegen --compact -o "$2" >"$2.state"
}

# The same pipe again, elsewhere: the same bytes.
repeats() {
	(cd "$tmp" && generate "$top/$1" "$2.again") && diff -r "$2" "$2.again" && rm -rf "$2.again"
}

pipelines() {
	DATA_DIR=$1 "$python" -m pipelines
}

# No token of a template, no note to a later self, nothing of this machine.
leaks() {
	! grep -rnIE '\{\{[#^/&]?[a-z_.]+\}\}|<%[#^/]?[a-z_.]+%>|TODO|FIXME|changeme|lorem ipsum' . \
		--include='*.py' --include='*.tf' --include='*.md' --include='*.toml' --include='Dockerfile' &&
		! grep -rnIF -e "$top" -e "$tmp" -e "$(hostname)." .
}

python_checks() {
	with ruff "ruff check" ruff check --no-cache .
	with ruff "ruff format" ruff format --no-cache --check .
	if [ -z "$python" ]; then
		for n in mypy pytest pipelines services; do echo "skip $n: no Python with the packages" >>"$record"; done
		return
	fi
	check "mypy --strict" "$python" -m mypy --strict --cache-dir "$top/.tools/cache/mypy" .
	check pytest "$python" -m pytest -q -p no:cacheprovider
	if [ -d pipelines ]; then check pipelines pipelines "$out.data"; fi
	for s in services/*/__main__.py; do
		[ -f "$s" ] || continue
		s=${s%/__main__.py}
		DATA_DIR=$out.data check "http ${s#services/}" \
			"$python" "$top/tests/integration/generated-serve.py" "$python" "${s//\//.}"
	done
}

terraform_checks() {
	local m name
	with terraform "terraform fmt" terraform -chdir=infra fmt -check -recursive
	if ! have terraform || [ "${#mirrors[@]}" -eq 0 ]; then
		echo "skip terraform init, validate, test: no terraform or no provider mirror" >>"$record"
		return
	fi
	for m in "${mirrors[@]}"; do
		name=${m%%=*}
		export TF_CLI_CONFIG_FILE=${m#*=} TF_DATA_DIR=$out.tf-$name
		check "terraform init ($name)" terraform -chdir=infra init -backend=false -no-color
		check "terraform validate ($name)" terraform -chdir=infra validate -no-color
		if [ "$m" = "${mirrors[0]}" ]; then
			check "terraform test ($name)" terraform -chdir=infra test -no-color
		fi
		rm -f infra/.terraform.lock.hcl
	done
	unset TF_CLI_CONFIG_FILE TF_DATA_DIR
	with tflint tflint tflint --chdir=infra --recursive --config "$PWD/infra/.tflint.hcl"
}

other_checks() {
	local files
	with actionlint actionlint actionlint -no-color
	mapfile -t files < <(find . -name 'Dockerfile*' -type f)
	if [ "${#files[@]}" -gt 0 ]; then with hadolint hadolint hadolint "${files[@]}"; fi
	with yamllint yamllint yamllint --strict .
	with zizmor zizmor zizmor --offline --quiet .github/workflows
	mapfile -t files < <(find . -name '*.sh' -type f)
	if [ "${#files[@]}" -gt 0 ]; then with shellcheck shellcheck shellcheck "${files[@]}"; fi
	check leaks leaks
}

# group NAME: the checks of one kind, in their own record.
group() {
	local record=$tmp/$name.$1 out=$tmp/$name.$1.out
	: >"$record"
	cd "$repo" && "$1"
}

for brief in "${briefs[@]}"; do
	name=$(basename "$brief" .md)
	repo=$tmp/$name
	if ! generate "$brief" "$repo" >"$tmp/generate.log" 2>&1; then
		fail "$name: generate"
		tail -n 15 "$tmp/generate.log"
		continue
	fi
	pass
	ok "$name: the same bytes again" repeats "$brief" "$repo"
	key=$({
		(cd "$repo" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
		tools_key
	} | sha256sum | cut -c1-40)
	if [ -f "$cache/$key" ]; then
		records=("$cache/$key")
		echo "$name: checked before with the same content and tools"
	else
		git -C "$repo" init -q
		records=()
		for kind in python_checks terraform_checks other_checks; do
			group "$kind" &
			records+=("$tmp/$name.$kind")
		done
		wait
	fi
	while read -r verdict what; do
		case $verdict in
		pass) pass ;;
		skip) skip "$name: $what" ;;
		*) fail "$name: $what" ;;
		esac
	done < <(cat "${records[@]}")
	if ! grep -q '^fail ' "${records[@]}"; then
		if [ ! -f "$cache/$key" ]; then cat "${records[@]}" >"$cache/$key"; fi
	else
		cat "$tmp/$name".*.why
	fi
done
finish
