#!/usr/bin/env bash
# People's edits and a later version: what was edited stays, what a constraint changes
# arrives, both in one file when they are apart; where they clash nothing is written
# until somebody says how, and conflict marks never pass for a good file.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2016
. "$(dirname "$0")/driver.bash"
cd "$work" || exit 1
brief=$top/examples/rag-startup.md
run() { mlops run "$brief" -o out --yes --tools none "$@"; }

exits 'first version' 0 run
cp out/state.json a0.json

# An edit in a file that the change leaves alone, one in a file that it changes, a file
# removed, a file of one's own.
sed -i 's/^clean:$/hello:\n\techo hello\n\nclean:/' out/repo/Makefile
sed -i 's/^    assert_hcl_never_matches//; 1s/^/# Reviewed by the platform team.\n/' out/repo/infra/locals.tf
rm out/repo/.editorconfig
echo 'notes' >out/repo/NOTES.md
cp -R out/repo before

versions=$(mlops log --format json)
exits 'a dry run' 0 run --set sla_latency_ms=3400 --dry-run
says 'names what it keeps' 'would keep your edit of Makefile'
says 'names what it merges' 'would merge your edit of infra/locals.tf'
says 'names what it changes' 'would change tests/load_serve_online.py'
same 'and changes nothing' "$(diff -r before out/repo)" ''
same 'nor makes a version' "$(mlops log --format json)" "$versions"

exits 'a constraint changes' 0 run --set sla_latency_ms=3400
says 'the run tells of edits' '1 edited file kept, 1 merged'
ok 'the edit of an unchanged file stays' grep -q 'echo hello' out/repo/Makefile
ok 'the edit of a changed file stays' grep -q 'Reviewed by the platform team' out/repo/infra/locals.tf
ok 'and has the change' grep -q 'latency_target_ms.*3400' out/repo/infra/locals.tf
ok 'other files have the change' grep -q 3400 out/repo/tests/load_serve_online.py
ok 'what was removed stays away' test ! -e out/repo/.editorconfig
ok 'what is nobody else'\''s stays' test -s out/repo/NOTES.md
ok 'the zip has the merge' bash -c "unzip -p out/repo.zip infra/locals.tf | grep -q Reviewed"
ok 'the manifest tells' grep -q '"edit": "merged"' out/state.json
ok 'the summary tells' grep -q 'infra/locals.tf.*merged with your edit' out/repo/reports/diff.md
exits 'the same again' 0 run --set sla_latency_ms=3400
says 'is reused whole' '0 nodes run, 12 reused'

# A second edit on top of the merge, and a change back.
sed -i 's/echo hello/echo good day/' out/repo/Makefile
exits 'the constraint changes back' 0 run --set sla_latency_ms=2600
ok 'the newer edit stays' grep -q 'echo good day' out/repo/Makefile
ok 'the older edit stays' grep -q Reviewed out/repo/infra/locals.tf
ok 'with the newer value' grep -q 'latency_target_ms.*2600' out/repo/infra/locals.tf

# The same line on both sides.
sed -i 's/\(latency_target_ms *= \)2600/\11111/' out/repo/infra/locals.tf
cp -R out/repo clash
exits 'a conflict stops the version' 73 run --set sla_latency_ms=3900
ok 'names file and line' grep -q "infra/locals.tf:[0-9]*: your line and the new version" "$tmp/stderr"
says 'and the ways out' '--on-conflict keep'
same 'and changes nothing' "$(diff -r clash out/repo)" ''
exits 'a dry run says so, too' 73 run --set sla_latency_ms=3900 --dry-run
same 'and changes nothing either' "$(diff -r clash out/repo)" ''
exits 'the edit may win' 0 run --set sla_latency_ms=3900 --on-conflict keep
ok 'and does' grep -q 'latency_target_ms.*1111' out/repo/infra/locals.tf
ok 'elsewhere the change is there' grep -q 3900 out/repo/tests/load_serve_online.py

sed -i 's/\(latency_target_ms *= \)1111/\12222/' out/repo/infra/locals.tf
exits 'marks fail validation' 12 mlops run "$brief" -o out --yes --tools leftovers --set sla_latency_ms=4800 --on-conflict mark
ok 'both texts are there' bash -c "grep -q '^<<<<<<< edited' out/repo/infra/locals.tf && grep -q 2222 out/repo/infra/locals.tf && grep -q 4800 out/repo/infra/locals.tf"
ok 'the finding names the file' grep -q '"infra/locals.tf"' out/repo/reports/validation.json
sed -i '/^<<<<<<< /d; /^=======$/,/^>>>>>>> /d' out/repo/infra/locals.tf
exits 'settled by hand' 0 run --set sla_latency_ms=4800
ok 'it stays as it was settled' grep -q 'latency_target_ms.*2222' out/repo/infra/locals.tf

# Several constraints at once: each component names those that changed it.
exits 'several constraints' 0 run --set sla_latency_ms=4800 --set throughput.requests_per_second=60 --set data_classification=confidential
ok 'one that only the load changed' grep -qF '| `store@vector` | other quantities | `throughput.requests_per_second` |' out/repo/reports/diff.md
ok 'one that only the class changed' grep -qE '^\| `govern@access` \| removed .* \| `data_classification` \|' out/repo/reports/diff.md
ok 'none that nothing changed' bash -c '! grep -q "^| .ingest@batch" out/repo/reports/diff.md'
exits 'one constraint' 0 run --on-conflict keep --set throughput.requests_per_second=60 --set data_classification=confidential --set sla_latency_ms=4900
ok 'is the cause of all' bash -c '! sed -n "/^## Components/,/^## Constraints/p" out/repo/reports/diff.md | grep "^| .[a-z]*[@_]" | grep -v "| .sla_latency_ms. |"'
cp out/state.json two.json
ok 'the text for terminals' bash -c 'mlops-diff --format text --previous a0.json <two.json | grep -q "^\* store@vector load"'

# A file that is no text any more: kept when asked, else named.
printf 'a\0b' >out/repo/docs/runbook.md
exits 'a binary edit' 73 run --set sla_latency_ms=5100
says 'is named' 'docs/runbook.md: was edited to be no text any more'
exits 'and kept when asked' 0 run --set sla_latency_ms=5100 --on-conflict keep
same 'as it was' "$(od -An -c out/repo/docs/runbook.md | tr -d ' ')" 'a\0b'

# Reports are results: a change there cannot be merged, and is not overwritten.
echo x >>out/repo/reports/index.html
exits 'an edited report' 73 run --set sla_latency_ms=5700
says 'is named' "reports/index.html' is not as it was written"
exits '--force makes all anew' 0 run --set sla_latency_ms=5700 --force
ok 'edits are gone then' bash -c "! grep -q Reviewed out/repo/infra/locals.tf"
ok 'removed files are back' test -s out/repo/.editorconfig

# In a bare pipe the edits are those of the output directory: kept where this version
# changes nothing, and never overwritten where it does and the base is not known.
run -q --set sla_latency_ms=5700 --force >"$tmp/stdout"
cp out/state.json a.json
run -q --set sla_latency_ms=6700 >"$tmp/stdout"
ok 'generates' bash -c 'mlops-codegen -q -o pipe <a.json >made.json'
echo '# mine' >>pipe/Makefile
ok 'an edit alone is no conflict' bash -c 'mlops-codegen -q -o pipe <a.json >made.json'
ok 'it stays' grep -q '^# mine' pipe/Makefile
ok 'and is told' grep -q '"edit":"kept"' made.json
echo '# mine' >>pipe/infra/locals.tf
exits 'without a base it cannot be merged' 73 bash -c 'mlops-codegen -o pipe <out/state.json'
says 'which is said' 'infra/locals.tf: was edited, and the text that it was made from is not known'
ok 'and nothing is written' bash -c '! grep -rq 6700 pipe'
ok 'what helps is named' grep -q -e '--base.*--on-conflict keep.*--on-conflict mark' "$tmp/stderr"
cp -R pipe marked
exits 'what differs can be marked' 0 bash -c 'mlops-codegen -o marked --on-conflict mark <out/state.json >made.json'
ok 'the edit is there' grep -q '^# mine' marked/infra/locals.tf
ok 'beside the new text' bash -c "grep -q '^<<<<<<< edited' marked/infra/locals.tf && grep -q 6700 marked/infra/locals.tf"
same 'what both have stands there once' "$(grep -c '^locals {' marked/infra/locals.tf)" 1
ok 'and is told' grep -q '"edit":"conflict"' made.json
printf 'a\0b' >marked/docs/runbook.md
exits 'what is no text cannot be' 73 bash -c 'mlops-codegen -o marked --on-conflict mark <a.json'
ok 'and is not offered again' bash -c "! grep -q 'mark (both' '$tmp/stderr'"
exits 'with one it is' 0 bash -c 'mlops-codegen -o pipe --base .mlops/blobs <out/state.json >made.json'
ok 'both are there' bash -c 'grep -q "^# mine" pipe/infra/locals.tf && grep -q 6700 pipe/infra/locals.tf'
echo '{"files":[]}' >pipe/mlops.lock.json
exits 'a broken lock' 65 bash -c 'mlops-codegen -o pipe <out/state.json'
says 'is named' 'mlops.lock.json: /files is missing'
exits 'an unknown way out' 2 bash -c 'mlops-codegen -o pipe --on-conflict theirs <out/state.json'

# The program that merges.
printf 'a\nb\nc\nd\ne\nf\ng\n' >base
sed 's/^b/B/' base >edited
sed 's/^f/F/' base >generated
exits 'apart' 0 mlops-merge base edited generated
same 'both are in' "$(tr -d '\n' <"$tmp/stdout")" aBcdeFg
sed 's/^b/X/' base >generated
exits 'in one line' 1 mlops-merge base edited generated
says 'marks it' '<<<<<<< edited'
exits 'or keeps it' 0 mlops-merge --keep base edited generated
same 'as edited' "$(cat edited)" "$(cat "$tmp/stdout")"
exits 'standard input' 0 bash -c 'mlops-merge base - base <edited'
printf 'a\0b' >binary
exits 'no binary file' 65 mlops-merge base binary generated
exits 'no such file' 66 mlops-merge base edited nowhere
exits 'two files' 2 mlops-merge base edited
exits 'four files' 2 mlops-merge a b c d
finish
