# bash completion for mlops and its filters; made by tools/completion
_mlops_options() {
	case $1 in
	init) echo "--compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	run) echo "--out --yes --resume --force --dry-run --actor --db --project --record --cassettes --budget-tokens --budget-usd --set --answers --threshold --candidates --pin --exclude --accept-unknown --book --usage --free-tier --no-estimates --policy-dir --waivers --fail-on --expires --mode --max-delta-usd --max-delta-pct --on-conflict --tools --jobs --timeout --strict --network --cache --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	show) echo "--db --project --format --node --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	log) echo "--db --project --format --ledger --all --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	stats) echo "--db --project --format --people --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	catalog) echo "" ;;
	golden) echo "--junit --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	graph) echo "--format --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	version) echo "--compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	intake) echo "--brief --state --set --answers --guided --only --threshold --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	plan) echo "--candidates --pin --exclude --accept-unknown --explain --format --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	critic) echo "--previous --book --usage --free-tier --no-estimates --format --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	policy) echo "--policy-dir --waivers --fail-on --test --explain --format --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	gate) echo "--ask --approve --reject --comment --actor --expires --mode --max-delta-usd --max-delta-pct --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	codegen) echo "--output --dry-run --edits --base --on-conflict --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	validate) echo "--directory --tools --jobs --timeout --strict --network --cache --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	rationale) echo "--directory --format --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	diff) echo "--directory --previous --format --zip --git --db --project --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	llm) echo "--model --base-url --key-file --config --project --record --cassettes --state-dir --quarantine --debug-dir --timeout --connect-timeout --idle-timeout --retries --concurrency --max-tokens --max-usd --stream --estimate --packs --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	mlopsd) echo "--config --check --listen --db --listen-db --home --artifacts --token --oidc-issuer --oidc-audience --oidc-leeway --roles-claim --admin-role --member-role --tenant-claim --ca-file --webhooks-private --smtp --smtp-from --smtp-user --smtp-password --smtp-plain --public-url --remind --keep-briefs --keep-payloads --keep-zips --keep-events --project-running --rate --log --cors-origin --slots --threads --connections --pool --body-bytes --request-timeout --idle-timeout --stream-time --ping --poll --lease --drain --retries --queue-max --project-max --llm-config --validators --compact --pretty --errors --provider --share --patterns --schema --quiet --verbose --help --version" ;;
	esac
}
_mlops_values() {
	case $1:$2 in
	init:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	init:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--out | run:-o) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--record) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--cassettes) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--answers) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--book) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--usage) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--policy-dir) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--waivers) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--fail-on) COMPREPLY=($(compgen -W "warn fail" -- "$3")) ;;
	run:--mode) COMPREPLY=($(compgen -W "review auto read-only" -- "$3")) ;;
	run:--on-conflict) COMPREPLY=($(compgen -W "stop keep mark" -- "$3")) ;;
	run:--cache) COMPREPLY=($(compgen -f -- "$3")) ;;
	run:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	run:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	show:--format) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	show:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	show:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	log:--format) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	log:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	log:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	stats:--format) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	stats:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	stats:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	golden:--junit) COMPREPLY=($(compgen -f -- "$3")) ;;
	golden:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	golden:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	graph:--format) COMPREPLY=($(compgen -W "text mermaid dot" -- "$3")) ;;
	graph:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	graph:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	version:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	version:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	intake:--brief) COMPREPLY=($(compgen -f -- "$3")) ;;
	intake:--answers) COMPREPLY=($(compgen -f -- "$3")) ;;
	intake:--only) COMPREPLY=($(compgen -W "extract coverage questions" -- "$3")) ;;
	intake:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	intake:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	plan:--format) COMPREPLY=($(compgen -W "json text mermaid dot svg" -- "$3")) ;;
	plan:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	plan:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	critic:--previous) COMPREPLY=($(compgen -f -- "$3")) ;;
	critic:--book) COMPREPLY=($(compgen -f -- "$3")) ;;
	critic:--usage) COMPREPLY=($(compgen -f -- "$3")) ;;
	critic:--format) COMPREPLY=($(compgen -W "json text usage" -- "$3")) ;;
	critic:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	critic:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	policy:--policy-dir) COMPREPLY=($(compgen -f -- "$3")) ;;
	policy:--waivers) COMPREPLY=($(compgen -f -- "$3")) ;;
	policy:--fail-on) COMPREPLY=($(compgen -W "warn fail" -- "$3")) ;;
	policy:--format) COMPREPLY=($(compgen -W "json text sarif" -- "$3")) ;;
	policy:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	policy:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	gate:--mode) COMPREPLY=($(compgen -W "review auto read-only" -- "$3")) ;;
	gate:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	gate:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	codegen:--output | codegen:-o) COMPREPLY=($(compgen -f -- "$3")) ;;
	codegen:--edits) COMPREPLY=($(compgen -f -- "$3")) ;;
	codegen:--base) COMPREPLY=($(compgen -f -- "$3")) ;;
	codegen:--on-conflict) COMPREPLY=($(compgen -W "stop keep mark" -- "$3")) ;;
	codegen:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	codegen:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	validate:--directory | validate:-C) COMPREPLY=($(compgen -f -- "$3")) ;;
	validate:--cache) COMPREPLY=($(compgen -f -- "$3")) ;;
	validate:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	validate:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	rationale:--directory | rationale:-C) COMPREPLY=($(compgen -f -- "$3")) ;;
	rationale:--format) COMPREPLY=($(compgen -W "json md html" -- "$3")) ;;
	rationale:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	rationale:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	diff:--directory | diff:-C) COMPREPLY=($(compgen -f -- "$3")) ;;
	diff:--previous) COMPREPLY=($(compgen -f -- "$3")) ;;
	diff:--format) COMPREPLY=($(compgen -W "json text md" -- "$3")) ;;
	diff:--zip) COMPREPLY=($(compgen -f -- "$3")) ;;
	diff:--git) COMPREPLY=($(compgen -f -- "$3")) ;;
	diff:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	diff:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	llm:--key-file) COMPREPLY=($(compgen -f -- "$3")) ;;
	llm:--config) COMPREPLY=($(compgen -f -- "$3")) ;;
	llm:--record) COMPREPLY=($(compgen -f -- "$3")) ;;
	llm:--cassettes) COMPREPLY=($(compgen -f -- "$3")) ;;
	llm:--state-dir) COMPREPLY=($(compgen -f -- "$3")) ;;
	llm:--quarantine) COMPREPLY=($(compgen -W "DIR URL" -- "$3")) ;;
	llm:--debug-dir) COMPREPLY=($(compgen -f -- "$3")) ;;
	llm:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	llm:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	mlopsd:--config | mlopsd:-c) COMPREPLY=($(compgen -f -- "$3")) ;;
	mlopsd:--home) COMPREPLY=($(compgen -f -- "$3")) ;;
	mlopsd:--artifacts) COMPREPLY=($(compgen -W "DIR URL" -- "$3")) ;;
	mlopsd:--ca-file) COMPREPLY=($(compgen -f -- "$3")) ;;
	mlopsd:--webhooks-private) COMPREPLY=($(compgen -W "0 1" -- "$3")) ;;
	mlopsd:--smtp-plain) COMPREPLY=($(compgen -W "0 1" -- "$3")) ;;
	mlopsd:--log) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	mlopsd:--llm-config) COMPREPLY=($(compgen -f -- "$3")) ;;
	mlopsd:--errors) COMPREPLY=($(compgen -W "text json" -- "$3")) ;;
	mlopsd:--share) COMPREPLY=($(compgen -f -- "$3")) ;;
	*) return 1 ;;
	esac
}
_mlops() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command
	COMPREPLY=()
	if [ "${COMP_WORDS[0]##*/}" = mlops ]; then
		if [ "$COMP_CWORD" -eq 1 ]; then
			COMPREPLY=($(compgen -W "init run show log stats catalog golden graph version intake plan critic policy gate codegen validate rationale diff llm --help --version" -- "$cur"))
			return
		fi
		command=${COMP_WORDS[1]}
	else
		command=${COMP_WORDS[0]##*/}
		command=${command#mlops-}
	fi
	_mlops_values "$command" "$prev" "$cur" && return
	case $cur in
	-*) COMPREPLY=($(compgen -W "$(_mlops_options "$command")" -- "$cur")) ;;
	*) case $command:$COMP_CWORD in
		golden:2) COMPREPLY=($(compgen -W "record verify" -- "$cur")) ;;
		catalog:2) COMPREPLY=($(compgen -W "list show lint test new manual prices" -- "$cur")) ;;
		critic:*) COMPREPLY=($(compgen -W "tech cost" -- "$cur")) ;;
		mlopsd:1) COMPREPLY=($(compgen -W "all api worker migrate backfill" -- "$cur")) ;;
		*) COMPREPLY=($(compgen -f -- "$cur")) ;;
		esac ;;
	esac
}
complete -o filenames -F _mlops mlops mlopsd mlops-intake mlops-plan mlops-critic mlops-policy mlops-gate mlops-codegen mlops-validate mlops-rationale mlops-diff mlops-llm
