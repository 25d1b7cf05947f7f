#!/usr/bin/env bash
# One small repository, byte by byte, from patterns and a skeleton of its own: what the
# engine does with every member of a pattern. After a wanted change:
#   rm -r tests/golden/codegen/out
#   mlops-gate --approve --actor me < tests/golden/codegen/in.json |
#       mlops-codegen --share tests/golden/codegen/share -o tests/golden/codegen/out > /dev/null
# shellcheck source-path=SCRIPTDIR/../integration disable=SC2154
. "$(dirname "$0")/../integration/lib.sh"
golden=tests/golden/codegen

ok 'generates' bash -c "mlops-gate -q --approve --actor me <$golden/in.json | mlops-codegen -q --share $golden/share -o '$tmp/out' >'$tmp/state'"
same 'every file' "$(diff -r -x mlops.lock.json "$golden/out" "$tmp/out")" ''
same 'modes' "$(cd "$tmp/out" && find . -type f -perm -u+x)" './run.sh'
same 'origins' "$(grep -o '"origin":"[^"]*"' "$tmp/state" | sort | uniq -c | sed 's/ *//')" \
	'2 "origin":"pattern:aws.base.kms@1.0.0"
3 "origin":"pattern:aws.store.s3@2.1.0"
3 "origin":"plan"
8 "origin":"skeleton"'
finish
