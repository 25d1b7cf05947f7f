#!/usr/bin/env bash
# Intake: accuracy over labelled briefs; the scanner from 1 KB to 50 MB (target 100 MB/s
# of processor time, the same at every size); a brief in process (target 2 ms) and as a
# process (target 8 ms); the choice of questions (target 50 ms).
set -u
build=${1:-build}
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
status=0

echo '-- own briefs, 104 written with the engine, 110 fresh ones since (how they were read at first: README)'
tests/briefs/score "$build/bin/mlops-intake" || status=1
if [ -x ../shared/data/briefs/score.py ]; then
	echo "-- the customer's briefs"
	tests/briefs/score "$build/bin/mlops-intake" ../shared/data/briefs || status=1
	../shared/data/briefs/score.py --intake "$build/bin/mlops-intake --compact" | sed -n '/^whole/,/^seconds/p'
else
	echo 'skipped: the labelled briefs (../shared/data/briefs is not there)'
fi

echo '-- scanner, processor time'
MLOPS_SHARE=share "$build/tests/intake-bench" tests/briefs/*.md || status=1
# The same work by the matcher that most would take: all phrases as one pattern.
python3 - <<'P'
import glob, json, re, time
words = json.load(open("share/lexicon/words.json"))["words"]
lists = [l for v in words.values() for l in (v.values() if isinstance(v, dict) else [v])]
phrases = sorted({p for l in lists for p in l if "(" not in p}, key=len, reverse=True)
pattern = re.compile("|".join(map(re.escape, phrases)))
text = "".join(open(p, encoding="utf-8").read() for p in glob.glob("tests/briefs/*.md")).lower()[:50000]
start = time.process_time()
n = sum(1 for _ in pattern.finditer(text))
print(f"python3 re, {len(phrases)} of the phrases in one pattern: {len(text) / 1e6 / (time.process_time() - start):.2f} MB/s, {n} hits")
P

row() { # NAME INPUT ARGS...
	local name=$1 ms rest
	read -r ms rest < <("$build/tests/measure" 31 "$2" "$build/bin/mlops-intake" --compact "${@:3}")
	printf '%-52s median %7s ms (least, most, KiB, status: %s)\n' "$name" "$ms" "$rest"
}
echo '-- processes'
row 'a covered brief, whole process' tests/briefs/178-terse-spec.md
row 'a covered brief, --only extract' tests/briefs/178-terse-spec.md --only extract
for b in 161-tbd-everything 151-board-memo 010-excl-anything-but; do
	"$build/bin/mlops-intake" --compact --brief "tests/briefs/$b.md" >"$tmp/$b.json" || status=1
	row "questions for $b" "$tmp/$b.json" --only questions
done
exit "$status"
