#!/usr/bin/env bash
# A repository from a plan (target 60 ms), its zip and its commit (target 60 ms), as
# whole processes; beside them cookiecutter and copier on a template of the same files
# and bytes, and git with git archive on the same repository.
# shellcheck disable=SC2016
set -u
build=${1:-build} runs=${RUNS:-11}
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export SOURCE_DATE_EPOCH=1700000000 PATH=$PWD/$build/bin:$PATH LC_ALL=C T=$tmp
bin=$PWD/.tools/generator-peers/venv/bin
measure=$PWD/$build/tests/measure

# fresh NAME COMMAND...: every run of the command writes to an own folder $OUT that is not
# there yet. Nothing is removed before the end: ext4 looks long for a free inode while many
# were freed in the last seconds.
fresh() {
	local name=$1 median min max kib status
	shift
	printf '#!/bin/sh\nOUT="$T/$$"\n%s\n' "$*" >"$tmp/one"
	chmod +x "$tmp/one"
	read -r median min max kib status < <("$measure" "$runs" - "$tmp/one")
	printf '%-44s %8s ms median %8s min %8s max %8s KiB  status %s\n' "$name" "$median" "$min" "$max" "$kib" "$status"
}

mlops-intake -q <examples/batch-training.md | mlops-plan -q | mlops-critic -q | mlops-policy -q |
	mlops-gate -q --approve --actor bench >"$tmp/approved"
mlops-codegen -q -o "$tmp/repo" <"$tmp/approved" >"$tmp/made"
mlops-validate -q -C "$tmp/repo" --tools none <"$tmp/made" | mlops-rationale -q -C "$tmp/repo" >"$tmp/compiled"
word=$(sed -n 's/^name = "\(.*\)"/\1/p' "$tmp/repo/pyproject.toml")
tests/bench/peers/install-generators
read -r files bytes < <(python3 tests/bench/peers/template.py "$tmp/repo" "$word" "$tmp/peers")
echo "$files files, $bytes bytes"
fresh 'mlops-codegen (target 60)' 'mlops-codegen -q -o "$OUT" <"$T/approved" >"$T/state"'
if [ -x "$bin/copier" ]; then
	fresh 'cookiecutter 2.7.1' "\"$bin/cookiecutter\" --no-input -o \"\$OUT\" \"\$T/peers/cookiecutter\""
	fresh 'copier 9.19.1' "\"$bin/copier\" copy -q --defaults \"\$T/peers/copier\" \"\$OUT\""
else
	echo 'cookiecutter, copier: skipped (not installed)'
fi
fresh 'mlops-diff: commit and zip (target 60)' 'mkdir "$OUT"; mlops-diff -q -C "$T/repo" --git "$OUT/git" --zip "$OUT/zip" <"$T/compiled" >"$T/state"'
fresh 'git add, commit, archive --format=zip' 'cp -R "$T/repo" "$OUT"; cd "$OUT" && git init -q . && git add -A && git -c user.name=b -c user.email=b@b commit -qm one && git archive --format=zip -o "$T/git.zip" HEAD'
