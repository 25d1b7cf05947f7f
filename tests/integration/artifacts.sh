#!/usr/bin/env bash
# Artifacts that last: zips in an S3-compatible server that verifies signatures, fetched
# from there by a process that never made them; a project erased until nothing is left.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
json=(-H 'Content-Type: application/json')
# made BRIEF: a complete decision set of a new project; sets `project` and `set`.
made() {
	project=$(api /projects "${json[@]}" -d '{"name":"made"}' | jq -r .id)
	set=$(api "/projects/$project/constraints" "${json[@]}" -d "$(jq -Rs '{brief: .}' "$1")" | jq -r .decision_set_id)
	until_status "$set" waiting failed >"$tmp/out"
	api "/decision-sets/$set/approve" "${json[@]}" -d '{"status":"approved"}' >"$tmp/out"
	same "complete" "$(until_status "$set" complete failed)" complete
}
files() { find "$1" -type f 2>/dev/null | wc -l; }

# ---- a directory: erased with the project, but not what another project has, too
daemon d all --validators none || exit 1
same "no URLs of a directory" "$(status "/decision-sets/00000000-0000-4000-8000-000000000000/zip-url")" 404
made examples/rag-startup.md
first=$project
before=$(files "$tmp/d/.mlops/blobs")
made examples/rag-startup.md
second=$project kept=$set
same "the first is erased" "$(status "/projects/$first" -X DELETE)" 204
same "and not there" "$(status "/projects/$first")" 404
same "a second time neither" "$(status "/projects/$first" -X DELETE)" 404
ok "what both had is there for the second" test "$(files "$tmp/d/.mlops/blobs")" -ge "$((before - 10))"
api "/decision-sets/$kept/zip" -o "$tmp/kept.zip"
ok "its zip is whole" unzip -tq "$tmp/kept.zip"
# ---- zips have their days; a rerun makes one again
hex=$(sha256sum <"$tmp/kept.zip" | cut -c1-64)
kill "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
sqlite3 "$tmp/d/.mlops/mlops.db" "UPDATE checkpoints SET created_at = '2020-01-01T00:00:00Z'"
daemon d all --validators none || exit 1
for _ in $(seq 50); do [ -e "$tmp/d/.mlops/blobs/${hex:0:1}/${hex:1}" ] || break; sleep 0.1; done
same "an old zip is gone" "$(status "/decision-sets/$kept/zip")" 404
ok "and it says how to have it again" grep -q 'rerun from diff_and_persist' <<<"$(api "/decision-sets/$kept/zip")"
same "files stay" "$(status "/decision-sets/$kept/file?path=README.md")" 200
again=$(api "/decision-sets/$kept/rerun" "${json[@]}" -d '{"node":"diff_and_persist"}' | jq -r .decision_set_id)
same "the rerun ends" "$(until_status "$again" complete failed)" complete
api "/decision-sets/$again/zip" -o "$tmp/again.zip"
ok "with a whole zip" unzip -tq "$tmp/again.zip"
same "the second is erased" "$(status "/projects/$second" -X DELETE)" 204
for table in events decision_sets checkpoints agent_runs artifacts documents approvals cost_estimates jobs projects; do
	same "no row in $table" "$(sqlite3 -cmd '.timeout 5000' "$tmp/d/.mlops/mlops.db" "SELECT count(*) FROM $table")" 0
done
same "no repository" "$(find "$tmp/d/.mlops/git" -name '*.git' 2>/dev/null | wc -l)" 0
ok "hardly a file" test "$(files "$tmp/d/.mlops/blobs")" -le 5

# ---- S3
if ! server=$(command -v versitygw || ls .tools/bin/versitygw 2>/dev/null); then
	skip "S3: versitygw is not installed (make tools)"
	finish
fi
mkdir "$tmp/data" "$tmp/data/artifacts" "$tmp/meta"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export AWS_ACCESS_KEY_ID=AKIDTEST AWS_SECRET_ACCESS_KEY=a-secret-of-the-test AWS_REGION=eu-central-1
ROOT_ACCESS_KEY=$AWS_ACCESS_KEY_ID ROOT_SECRET_KEY=$AWS_SECRET_ACCESS_KEY "$server" --port "127.0.0.1:$port" --region eu-central-1 \
	posix --sidecar "$tmp/meta" "$tmp/data" >"$tmp/server.log" 2>&1 &
daemons+=("$!")
for _ in $(seq 100); do curl -s -o "$tmp/out" "http://127.0.0.1:$port/" && break || sleep 0.1; done
place="s3://artifacts/team?endpoint=http://127.0.0.1:$port"
daemon s all --validators none --artifacts "$place" || exit 1
made examples/batch-training.md
hex=$(api "/decision-sets/$set/zip" -o "$tmp/own.zip" -D - | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: "\(.*\)"/\1/p')
same "the zip lies under its project, version and digest" \
	"$(cd "$tmp/data/artifacts/team" && find . -type f -name '*.zip')" "./projects/$project/ds_1/$hex-repository.zip"
rm -rf "$tmp/s/.mlops/blobs" # another machine, which never made it
api "/decision-sets/$set/zip" -o "$tmp/far.zip"
same "the zip comes from S3" "$(sha256sum <"$tmp/far.zip" | cut -c1-64)" "$hex"
same "a range of it" "$(api "/decision-sets/$set/zip" -H 'Range: bytes=0-1')" PK
same "a file comes out of it" "$(api "/decision-sets/$set/file?path=README.md" | sha256sum | cut -c1-64)" \
	"$(unzip -p "$tmp/far.zip" README.md | sha256sum | cut -c1-64)"
link=$(api "/decision-sets/$set/zip-url?seconds=60")
same "a URL for a while" "$(curl -s "$(jq -r .url <<<"$link")" | sha256sum | cut -c1-64)" "$(jq -r .sha256 <<<"$link")"
same "not for ever" "$(status "/decision-sets/$set/zip-url?seconds=604801")" 400
# ---- the git history lies beside the zips, and comes back from there
bundle() { find "$tmp/data/artifacts/team/projects/$project" -name '*.bundle'; }
for _ in $(seq 50); do [ -z "$(bundle)" ] || break; sleep 0.1; done
git clone -q "$(bundle)" "$tmp/clone" 2>"$tmp/out"
same "git takes it" "$(git -C "$tmp/clone" rev-list --count HEAD)" 1
rm -rf "$tmp/s/.mlops/git"
next=$(api "/projects/$project/constraints" "${json[@]}" -d '{"constraints":{"budget_band":{"max_usd":4321}}}' | jq -r .decision_set_id)
until_status "$next" waiting failed >"$tmp/out"
api "/decision-sets/$next/approve" "${json[@]}" -d '{"status":"approved"}' >"$tmp/out"
same "another version, on a machine without the history" "$(until_status "$next" complete failed)" complete
tip=$(git --git-dir "$tmp/s/.mlops/git/$project.git" rev-parse main)
for _ in $(seq 50); do [ "$(basename "$(bundle)")" != "$tip.bundle" ] || break; sleep 0.1; done
same "goes on from it" "$(git --git-dir "$tmp/s/.mlops/git/$project.git" rev-list --count main)" 2
same "and is the one bundle now" "$(basename "$(bundle)")" "$tip.bundle"
printf 'x' | dd of="$tmp/data/artifacts/team/projects/$project/ds_1/$hex-repository.zip" bs=1 seek=100 conv=notrunc 2>"$tmp/out"
same "a damaged object is not handed out" "$(status "/decision-sets/$set/zip")" 503
same "erased" "$(status "/projects/$project" -X DELETE)" 204
same "there, too" "$(find "$tmp/data/artifacts/team/projects" -type f 2>/dev/null | wc -l)" 0
if grep -qF "$AWS_SECRET_ACCESS_KEY" "$tmp/s/log"; then fail "the secret is in the log"; else pass; fi
finish
