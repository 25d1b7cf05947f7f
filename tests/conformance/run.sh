#!/usr/bin/env bash
# Runs every public suite that lies in ../shared/conformance (MLOPS_CONFORMANCE names
# another place); a suite that is not there is skipped, by name.
set -u
build=${1:-build}
data=${MLOPS_CONFORMANCE:-../shared/conformance}
runner=$build/tests/conformance
passed=0 failed=0 skipped=0

# suite SUITE FOLDER FIND-ARGUMENTS...
suite() {
	local name=$1 folder=$2 out last
	local -a files
	shift 2
	if [ ! -d "$data/$folder" ]; then
		echo "SKIP $name: $data/$folder is not there"
		skipped=$((skipped + 1))
		return
	fi
	mapfile -t files < <(find "$data/$folder" -type f "$@" | sort)
	if [ "${#files[@]}" -eq 0 ]; then
		echo "SKIP $name: no file of the suite in $data/$folder"
		skipped=$((skipped + 1))
		return
	fi
	out=$("$runner" "$name" "${files[@]}" 2>&1)
	last=${out##*$'\n'}
	grep -v '^[0-9]* passed, ' <<<"$out"
	printf '%-16s %s\n' "$name" "$last"
	if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + BASH_REMATCH[3]))
	else
		echo "FAIL $name: the runner ended without a count"
		failed=$((failed + 1))
	fi
}

suite json-parsing json-parsing -name '*.json'
suite jcs jcs '(' -name '*.json' -o -name '*.gz' ')'
suite json-pointer json-pointer -name '*.json'
suite json-patch json-patch -name '*.json' ! -name 'merge-patch.json'
suite merge-patch json-patch -name 'merge-patch.json'
suite json-schema json-schema -name '*.json' ! -path '*/remotes/*'
suite jsonlogic jsonlogic -name '*.json'
suite mustache mustache -name '*.json'
suite rfc3339 rfc3339 -name '*.json'
suite uuid uuid -name '*.json'
suite sigv4 sigv4 -name '*.json'
suite jose jose '(' -name '*.json' -o -name '*.gz' ')' ! -path '*/schemas/*'
suite sse sse -name '*.json'
suite webhooks webhooks -name '*.json'
suite secrets secrets -name '*.json'
suite cyclonedx cyclonedx '(' -name 'index.json' -o -name 'own-*.json' ')'
suite sarif sarif '(' -name 'index.json' -o -name 'own.json' ')'
suite github-workflow github-workflow '(' -name 'index.json' -o -name 'own.json' ')'

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
