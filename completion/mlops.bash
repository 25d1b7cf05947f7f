# bash completion for mlops and its filters; made by tools/completion
_mlops_options() {
	case $1 in
	init) echo "--compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	run) echo "--out --yes --resume --force --actor --db --project --set --answers --threshold --candidates --pin --exclude --accept-unknown --usage --free-tier --no-estimates --policy-dir --waivers --fail-on --expires --mode --max-delta-usd --max-delta-pct --tools --jobs --timeout --strict --network --cache --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	show) echo "--db --project --format --node --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	log) echo "--db --project --format --ledger --all --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	stats) echo "--db --project --format --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	catalog) echo "" ;;
	golden) echo "--junit --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	graph) echo "--format --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	version) echo "--compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	intake) echo "--brief --state --set --answers --guided --only --threshold --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	plan) echo "--candidates --pin --exclude --accept-unknown --explain --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	critic) echo "--previous --usage --free-tier --no-estimates --format --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	policy) echo "--policy-dir --waivers --fail-on --test --explain --format --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	gate) echo "--ask --approve --reject --comment --actor --expires --mode --max-delta-usd --max-delta-pct --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	codegen) echo "--output --dry-run --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	validate) echo "--directory --tools --jobs --timeout --strict --network --cache --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	rationale) echo "--directory --format --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	diff) echo "--directory --previous --format --zip --git --db --project --compact --pretty --errors --provider --share --schema --quiet --verbose --help --version" ;;
	esac
}
_mlops_values() {
	case $1:$2 in
	run:--out | run:-o) COMPREPLY=($(compgen -f -- "$3")) ;;
	codegen:--output | codegen:-o) COMPREPLY=($(compgen -f -- "$3")) ;;
	validate:--directory | validate:-C) COMPREPLY=($(compgen -f -- "$3")) ;;
	rationale:--directory | rationale:-C) COMPREPLY=($(compgen -f -- "$3")) ;;
	diff:--directory | diff:-C) COMPREPLY=($(compgen -f -- "$3")) ;;
	*) return 1 ;;
	esac
}
_mlops() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command
	COMPREPLY=()
	if [ "${COMP_WORDS[0]##*/}" = mlops ]; then
		if [ "$COMP_CWORD" -eq 1 ]; then
			COMPREPLY=($(compgen -W "init run show log stats catalog golden graph version intake plan critic policy gate codegen validate rationale diff --help --version" -- "$cur"))
			return
		fi
		command=${COMP_WORDS[1]}
	else
		command=${COMP_WORDS[0]##*/mlops-}
		command=${command#mlops-}
	fi
	_mlops_values "$command" "$prev" "$cur" && return
	case $cur in
	-*) COMPREPLY=($(compgen -W "$(_mlops_options "$command")" -- "$cur")) ;;
	*) case $command:$COMP_CWORD in
		golden:2) COMPREPLY=($(compgen -W "record verify" -- "$cur")) ;;
		catalog:2) COMPREPLY=($(compgen -W "list show lint" -- "$cur")) ;;
		critic:*) COMPREPLY=($(compgen -W "tech cost" -- "$cur")) ;;
		*) COMPREPLY=($(compgen -f -- "$cur")) ;;
		esac ;;
	esac
}
complete -o filenames -F _mlops mlops mlops-intake mlops-plan mlops-critic mlops-policy mlops-gate mlops-codegen mlops-validate mlops-rationale mlops-diff
