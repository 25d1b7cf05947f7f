#!/usr/bin/env bash
# kill -9 of mlops run after each of the twelve nodes, then --resume: the same zip,
# and no node that had finished runs again. Then what makes a result stale.
# shellcheck disable=SC2154
. "$(dirname "$0")/driver.bash"
fake
cd "$work" || exit 1
echo "a big thing" >brief.md

# Every executable counts its calls; the one before which the driver dies is in kill.
mkdir real
mv exec/mlops-* real/
for n in real/*; do
	cat >"exec/$(basename "$n")" <<END
#!/bin/sh
n=\$((\$(cat count 2>/dev/null || echo 0) + 1))
echo \$n >count
if [ "\$n" = "\$(cat kill 2>/dev/null)" ]; then kill -9 \$PPID; exit 1; fi
echo "\$(basename \$0) \$*" >>calls
exec "$work/real/\$(basename \$0)" "\$@"
END
	chmod +x "exec/$(basename "$n")"
done

rm -rf .mlops count calls kill
exits "undisturbed" 0 mlops run brief.md -o whole --yes
zip=$(sha256sum <whole/repo.zip)
same "twelve nodes" "$(wc -l <calls)" 12

for k in $(seq 1 11); do
	rm -rf .mlops out count calls
	echo $((k + 1)) >"kill"
	exits "killed after node $k" 137 mlops run brief.md -o out --yes
	rm -f kill
	exits "resumed after node $k" 0 mlops run brief.md -o out --yes --resume
	says "what was finished is reused" "$((12 - k)) nodes run, $k reused"
	same "no node runs twice" "$(wc -l <calls)" 12
	same "the same zip after node $k" "$(sha256sum <out/repo.zip)" "$zip"
	ok "the zip is the directory" sh -c 'rm -rf x && mkdir x && unzip -q out/repo.zip -d x && diff -r x out/repo'
done

# After the twelfth: as soon as it says so.
rm -rf .mlops out count calls
mlops run brief.md -o out --yes 2>err >/dev/null &
pid=$!
for _ in $(seq 500); do grep -q '\[12/12\]' err && break; sleep 0.01; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
exits "resumed after node 12" 0 mlops run -o out --resume
same "no node runs twice" "$(wc -l <calls)" 12
same "the same zip after node 12" "$(sha256sum <out/repo.zip)" "$zip"

# In the middle of a node that writes files: a straggler must not outlive the driver.
rm -rf .mlops out count calls
cp exec/mlops-codegen codegen.sh
printf '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho half >"$2/half.txt"\necho started >started\nsleep 1\necho more >"$2/late.txt"\n' >exec/mlops-codegen
mlops run brief.md -o out --yes 2>/dev/null >/dev/null &
pid=$!
for _ in $(seq 500); do [ -e started ] && break; sleep 0.01; done
kill -9 $pid
wait $pid 2>/dev/null
cp codegen.sh exec/mlops-codegen
exits "resumed in the middle of codegen" 0 mlops run -o out --resume --yes
same "the same zip after half a node" "$(sha256sum <out/repo.zip)" "$zip"
sleep 1.1
ok "no straggler wrote" test -z "$(find .mlops out -name 'late.txt')"

# A reused node's files count only when they are all there.
rm -rf .mlops out count calls
echo 11 >"kill"
exits "killed before node 11" 137 mlops run brief.md -o out --yes
rm -f kill
find .mlops/work -name README.md -delete
exits "files missing from the working copy" 0 mlops run -o out --resume --yes
says "come back from the store" "10 reused"
same "the same zip from the store" "$(sha256sum <out/repo.zip)" "$zip"
rm -rf .mlops out count calls
echo 11 >"kill"
exits "killed before node 11 again" 137 mlops run brief.md -o out --yes
rm -f kill
find .mlops/work -name README.md -delete
blob=$(printf '# A thing\n' | sha256sum | cut -d' ' -f1)
rm -f ".mlops/blobs/${blob:0:1}/${blob:1}"
exits "missing from the store, too" 0 mlops run -o out --resume --yes
says "are made again" "3 nodes run, 9 reused"
same "the same zip made again" "$(sha256sum <out/repo.zip)" "$zip"

# A published file that is gone comes back without a node.
rm out/repo/README.md out/repo.zip
exits "a published file that is gone" 0 mlops run brief.md -o out --yes
says "comes back" "0 nodes run, 12 reused"
same "with the zip" "$(sha256sum <out/repo.zip)" "$zip"

# Another state of the world is another version; the old one stays what it was.
mkdir newer
cp real/mlops-plan newer/
ln -sf "$work/real/mlops-plan" exec/mlops-plan
exits "another executable of the same version" 0 mlops run brief.md -o out --yes
says "changes nothing" "version 1: complete (0 nodes run, 12 reused)"

# The same over the real filters, after each node.
rm -f exec/mlops-plan
for n in intake plan critic policy gate codegen validate rationale diff; do
	[ -x "$bin/mlops-$n" ] || { skip "real filters: no mlops-$n"; finish; }
	ln -sf "$bin/mlops-$n" "$work/real/mlops-$n"
	rm -f "exec/mlops-$n"
	cp codegen.sh "exec/mlops-$n"
done
unset MLOPS_SHARE
rm -rf .mlops out count calls
brief=$top/examples/batch-training.md
exits "real: undisturbed" 0 mlops run "$brief" -o realwhole --yes --tools none
zip=$(sha256sum <realwhole/repo.zip)
for k in $(seq 1 11); do
	rm -rf .mlops out count calls
	echo $((k + 1)) >"kill"
	exits "real: killed after node $k" 137 mlops run "$brief" -o out --yes --tools none
	rm -f kill
	exits "real: resumed after node $k" 0 mlops run -o out --yes --resume
	says "real: what was finished is reused" "$((12 - k)) nodes run, $k reused"
	same "real: no node runs twice" "$(wc -l <calls)" 12
	same "real: the same zip after node $k" "$(sha256sum <out/repo.zip)" "$zip"
done
finish
