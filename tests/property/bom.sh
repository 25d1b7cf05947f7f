#!/usr/bin/env bash
# Whatever pattern is chosen, the generated Terraform is billed as planned: each pattern
# that the examples' plans pass over is put in its slot once.
# shellcheck disable=SC2154
. "$(dirname "$0")/../integration/lib.sh"
export SOURCE_DATE_EPOCH=1700000000
declare -A tried
for brief in examples/*.md; do
	[ "$(basename "$brief")" = README.md ] && continue
	mlops-intake -q <"$brief" >"$tmp/asked"
	mlops-plan -q <"$tmp/asked" >"$tmp/planned" || continue
	while read -r pin; do
		pattern=${pin#*=}
		[ -n "${tried[$pattern]:-}" ] && continue
		rm -rf "$tmp/repo" "$tmp/judged"
		mlops-plan -q --pin "$pin" <"$tmp/asked" 2>/dev/null | mlops-critic -q cost 2>/dev/null |
			mlops-policy -q >"$tmp/judged" 2>/dev/null
		# Not every pattern fits every brief.
		[ "$(jq -r .plan.feasible "$tmp/judged" 2>/dev/null)" = true ] || continue
		mlops-gate -q --approve --actor test <"$tmp/judged" 2>/dev/null | "$build/tests/seal" |
			mlops-codegen -q -o "$tmp/repo" 2>/dev/null |
			mlops-validate -q -C "$tmp/repo" --tools none >"$tmp/out" 2>/dev/null
		[ -f "$tmp/repo/reports/bom.json" ] || continue
		tried[$pattern]=1
		same "$pattern" "$(jq -r '.differences[] | "\(.kind): \(.module) \(.sku): \(.why)"' "$tmp/repo/reports/bom.json")" ''
	done < <(jq -r '.candidates.why_not[] | select(.slot) | "\(.slot)=\(.pattern)"' "$tmp/planned" | sort -u)
done
ok 'enough patterns were tried' test "${#tried[@]}" -ge 10
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
