#!/usr/bin/env bash
# Plans of many shapes: each repository brings only modules that its programs use, its
# documents name nothing that is not there, and where personal data is, a privacy kit that imports and passes its tests, whatever of
# rows, documents, features and a drift monitor the plan has.
# shellcheck source-path=SCRIPTDIR source=tests/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh" "${1:-build}"
export PATH=$top/.tools/venv/bin:$PATH SOURCE_DATE_EPOCH=0
have_tools=$(command -v pytest >/dev/null && command -v ruff >/dev/null && echo yes)

# generated DIR CONSTRAINTS PLAN-OPTION...
generated() {
	local dir=$1 constraints=$2
	shift 2
	printf '{"schema_version":2,"constraints":%s}' "$constraints" | mlops-plan -q "$@" |
		mlops-critic -q | mlops-policy -q | mlops-gate -q --approve --actor test |
		mlops-codegen -q -o "$dir" >"$tmp/state"
}
clean() (cd "$1" && ruff check -q . && ruff format -q --check .)
kit() (cd "$1" && python3 -B -m pytest -q -p no:cacheprovider tests/test_privacy.py)

set -o pipefail
while IFS='|' read -r name constraints options; do
	read -r -a options <<<"$options"
	constraints="{\"cloud\":\"aws\",\"regions\":[\"eu-west-1\"],$constraints}"
	ok "$name: generates" generated "$tmp/$name" "$constraints" "${options[@]}"
	ok "$name: every module is used" tests/tools/unused-modules "$tmp/$name"
	ok "$name: every name leads somewhere" tests/tools/dangling-names "$tmp/$name"
	if [ "$have_tools" != yes ]; then
		skip "$name: ruff and pytest are not installed (tools/install-tools)"
		continue
	fi
	ok "$name: ruff" clean "$tmp/$name"
	case $constraints in
	*pii* | *phi*) ok "$name: the privacy kit" kit "$tmp/$name" ;;
	esac
	rm -rf "${tmp:?}/$name"
done <<'PLANS'
documents|"use_cases":["rag"],"workload_types":["online"],"data_classification":"pii","throughput":{"documents":500}|--pin store@vector=aws.store.dynamodb
documents-and-rows|"use_cases":["rag"],"workload_types":["online","batch"],"data_classification":"pii","throughput":{"documents":500}|
scores-alone|"use_cases":["inference"],"workload_types":["online"],"data_classification":"pii"|
images-alone|"use_cases":["vision"],"workload_types":["online"],"data_classification":"phi"|
tuning|"use_cases":["finetuning"],"workload_types":["batch"],"data_classification":"pii"|
rows-alone|"use_cases":["analytics"],"workload_types":["batch"],"data_classification":"pii"|
events-alone|"use_cases":["analytics"],"workload_types":["streaming"],"data_classification":"pii"|
recommendation|"use_cases":["recommendation"],"workload_types":["online"],"data_classification":"pii"|
windows|"use_cases":["fraud"],"workload_types":["streaming","online"],"throughput":{"events_per_second":100}|--pin feature@online=aws.feature.stream-windows
queue|"use_cases":["recommendation"],"workload_types":["streaming","online"],"throughput":{"events_per_second":20}|--pin ingest@streaming=aws.ingest.event-queue --pin feature@online=aws.feature.postgres-features
training|"use_cases":["training"],"workload_types":["batch"]|
PLANS
finish
