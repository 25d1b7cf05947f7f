#!/usr/bin/env bash
# Each parameter of a plan and each constraint, changed alone, changes lines of the
# generated repository: parameters in code (Terraform, Python), not only in documents.
# shellcheck source-path=SCRIPTDIR/../integration source-path=SCRIPTDIR
. "$(dirname "$0")/../integration/lib.sh"
# shellcheck source=plans.sh
. "$(dirname "$0")/plans.sh"
edit=$top/$build/tests/edit-json

generate() { # STATE DIR
	rm -rf "$2"
	mlops-codegen -q -o "$2" <"$1" >/dev/null 2>"$tmp/err"
}

try() { # WHAT POINTER STATE: STATE has the change
	local files code
	if ! mlops-codegen --dry-run -o "$tmp/base" <"$3" >/dev/null 2>"$tmp/err"; then
		fail "$1 $2: $(cat "$tmp/err")"
		return
	fi
	files=$(sed -n 's/.*: would [a-z]* //p' "$tmp/err" | grep -v 'mlops.lock.json$')
	code=$(grep -cv '^docs/\|^README\|\.md$' <<<"$files")
	if [ -z "$files" ]; then
		fail "$1 $2 changes nothing"
	elif [ "$1" = parameter ] && [ "$code" -eq 0 ]; then
		fail "$1 $2 changes documents only"
	else
		pass
		[ -n "${VERBOSE:-}" ] && echo "$1 $2: $(tr '\n' ' ' <<<"$files")"
	fi
}

for name in fraud rag batch; do
	approved "$name" >"$tmp/state"
	if ! generate "$tmp/state" "$tmp/base"; then
		fail "$name does not generate: $(cat "$tmp/err")"
		continue
	fi
	for list in slots bases; do
		n=0
		while "$edit" get "/plan/$list/$n" <"$tmp/state" >"$tmp/unit" 2>/dev/null; do
			while read -r pointer _; do
				"$edit" bump "/plan/$list/$n$pointer" <"$tmp/state" | approve >"$tmp/changed"
				try parameter "/plan/$list/$n$pointer" "$tmp/changed"
			done < <("$edit" leaves /params <"$tmp/unit")
			n=$((n + 1))
		done
	done
	while read -r pointer value; do
		case ${pointer##*/} in
		cloud) other='"gcp"' ;;
		regions) other='["eu-north-1"]' ;;
		data_residency) other='["US"]' ;;
		currency) other='"EUR"' ;;
		period) continue ;; # it has one value
		data_classification) other='"confidential"' ;;
		sla_latency_percentile) other=99 ;;
		availability_target) other=99.95 ;;
		workload_types) other='["batch","streaming"]' ;;
		use_cases) other='["vision"]' ;;
		compliance) other='["HIPAA"]' ;;
		deployment_pref) other='"serverless"' ;;
		*) other= ;;
		esac
		case $other$value in
		'['*) "$edit" set "$pointer" "${other:-[\"other\"]}" <"$tmp/state" >"$tmp/changed" ;;
		*)
			if [ -n "$other" ]; then
				"$edit" set "$pointer" "$other" <"$tmp/state" >"$tmp/changed"
			else
				"$edit" bump "$pointer" <"$tmp/state" >"$tmp/changed"
			fi
			;;
		esac
		approve <"$tmp/changed" >"$tmp/sealed"
		try constraint "$pointer" "$tmp/sealed"
	done < <("$edit" leaves /constraints <"$tmp/state")
done
finish
