#!/usr/bin/env bash
# Two runs in different directories, locales, time zones and users' environments give
# the same zip; a pipe of the executables gives the same repository as mlops run.
# shellcheck disable=SC2154
. "$(dirname "$0")/driver.bash"

# pipe BRIEF OUT: the nine filters, as in the contract.
pipe() {
	mlops-intake <"$1" | mlops-plan | mlops-critic | mlops-policy |
		mlops-gate --approve --actor me | mlops-codegen -o "$2/repo" |
		mlops-validate -C "$2/repo" --tools none | mlops-rationale -C "$2/repo" |
		mlops-diff -C "$2/repo" --zip "$2/repo.zip" >"$2/state.json"
}

# both NAME BRIEF: run and pipe under unlike conditions.
both() {
	local name=$1 brief=$2 w=$work/$1
	mkdir -p "$w/a" "$w/b c/d" "$w/p"
	(cd "$w/a" && TZ=UTC LC_ALL=C mlops run "$brief" -o out --yes -q --tools none) >"$tmp/stdout" 2>"$tmp/stderr" ||
		fail "$name: first run: $(tail -n 3 "$tmp/stderr")"
	(cd "$w/b c/d" && TZ=Pacific/Kiritimati LC_ALL=tr_TR.UTF-8 LANG=de_DE.UTF-8 HOME=/nonexistent \
		USER=somebody GIT_AUTHOR_NAME=x mlops run "$brief" -o "$w/b c/out" --yes -q --tools none --actor other) \
		>"$tmp/stdout" 2>"$tmp/stderr" || fail "$name: second run: $(tail -n 3 "$tmp/stderr")"
	same "$name: the same zip" "$(sha256sum <"$w/a/out/repo.zip")" "$(sha256sum <"$w/b c/out/repo.zip")"
	same "$name: the same commit" "$(git -C "$w"/a/.mlops/git/*.git rev-parse main)" \
		"$(git -C "$w/b c/d/.mlops/git/"*.git rev-parse main)"
	(cd "$w/p" && umask 077 && TZ=America/Lima pipe "$brief" "$w/p") 2>"$tmp/stderr" ||
		fail "$name: the pipe: $(tail -n 3 "$tmp/stderr")"
	ok "$name: the pipe's repository" diff -r "$w/a/out/repo" "$w/p/repo"
	same "$name: the pipe's zip" "$(sha256sum <"$w/a/out/repo.zip")" "$(sha256sum <"$w/p/repo.zip")"
	ok "$name: nothing of this machine in the repository" \
		sh -c "! grep -rlF -e '$work' -e '$(hostname)x' '$w/a/out/repo'"
}

(
	fake
	export PATH="$work/exec:$PATH"
	echo "a small thing" >"$work/brief.md"
	both fake "$work/brief.md"
	echo "$passed $failed" >"$tmp/counts"
)
read -r passed failed <"$tmp/counts"

missing=
for n in intake plan critic policy gate codegen validate rationale diff; do
	[ -x "$bin/mlops-$n" ] || missing="$missing mlops-$n"
done
if [ -n "$missing" ]; then
	skip "real filters: no$missing"
	finish
fi
for name in rag-startup batch-training; do both "$name" "$top/examples/$name.md"; done

# With the clock fixed the states agree, too, but for where they were made.
(
	export SOURCE_DATE_EPOCH=1700000000
	cd "$work" && mkdir e1 e2
	for d in e1 e2; do (cd $d && mlops run "$top/examples/batch-training.md" -o out --yes -q --tools none --project same --actor me); done
) >/dev/null 2>&1
same "SOURCE_DATE_EPOCH: the same zip" "$(sha256sum <"$work/e1/out/repo.zip")" "$(sha256sum <"$work/e2/out/repo.zip")"
finish
