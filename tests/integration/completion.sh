#!/usr/bin/env bash
# Completion follows the option tables; so do the options that mlops run hands on.
# shellcheck disable=SC2154
. "$(dirname "$0")/driver.bash"
ok "completion/ is fresh" tools/completion --check "$build"
ok "bash reads it" bash -n completion/mlops.bash
if command -v zsh >/dev/null; then ok "zsh reads it" zsh -n completion/_mlops; else skip "zsh: not installed"; fi
if command -v fish >/dev/null; then ok "fish reads it" fish -n completion/mlops.fish; else skip "fish: not installed"; fi

# shellcheck disable=SC1091
. completion/mlops.bash
# completes NAME WORDS... : what the last word is completed to, on one line
completes() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_mlops
	echo "${COMPREPLY[*]}"
}
same "a command" "$(completes mlops gol)" golden
same "a filter" "$(completes mlops rat)" rationale
same "an option" "$(completes mlops run --resu)" --resume
same "a choice" "$(completes mlops run --fail-on f)" fail
same "a filter's option" "$(completes mlops-diff --prev)" --previous
same "the same behind mlops" "$(completes mlops diff --prev)" --previous
same "a file" "$(completes mlops run README.m)" README.md
same "a role of the daemon" "$(completes mlopsd mig)" migrate
same "an option of the daemon" "$(completes mlopsd all --listen-)" --listen-db
same "a verb" "$(completes mlops golden v)" verify

# An option of a filter goes through mlops run, or is one of those that the driver
# settles itself or that make no sense in a run.
own="--state --only --guided --brief --test --explain --format --ask --approve --reject --comment --directory --output --dry-run --previous --zip --git --db --project --actor --edits --base"
have=$(mlops run --help | sed -n '/^common options/q; s/^  .\{4\}\(--[a-z-]*\).*/\1/p')
for f in intake plan critic policy gate codegen validate rationale diff; do
	for o in $("mlops-$f" --help | sed -n '/^common options/q; s/^  .\{4\}\(--[a-z-]*\).*/\1/p'); do
		case " $own $(echo $have) " in
		*" $o "*) pass ;;
		*) fail "mlops run does not hand on mlops-$f $o" ;;
		esac
	done
done
finish
