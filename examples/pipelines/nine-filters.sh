#!/usr/bin/env bash
# The whole pipeline as nine processes and one document: a brief in, a validated
# repository and its state out.
#
#   examples/pipelines/nine-filters.sh BRIEF OUT
set -euo pipefail
brief=${1:?usage: nine-filters.sh BRIEF OUT} out=${2:?usage: nine-filters.sh BRIEF OUT}
mkdir -p "$out"
mlops-intake < "$brief" | mlops-plan | mlops-critic | mlops-policy |
	mlops-gate --approve --actor "${USER:-me}" | mlops-codegen -o "$out/repo" |
	mlops-validate -C "$out/repo" | mlops-rationale -C "$out/repo" |
	mlops-diff -C "$out/repo" --zip "$out/repo.zip" > "$out/state.json"
