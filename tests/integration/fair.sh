#!/usr/bin/env bash
# Twenty projects at once, one of them greedy: whoever asks once waits for one job of the
# greedy one at most before its own, not for all that lie before it.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.bash
. "$(dirname "$0")/service.bash"
json=(-H 'Content-Type: application/json')
daemon d all --validators none --slots 2 --project-running 1 || exit 1
brief=$(jq -Rs '{brief: .}' examples/batch-training.md)
make_project() { api /projects "${json[@]}" -d "{\"name\":\"$1\"}" | jq -r .id; }
greedy=$(make_project greedy)
others=()
for i in $(seq 19); do others+=("$(make_project "modest $i")"); done
for _ in $(seq 40); do api "/projects/$greedy/constraints" "${json[@]}" -d "$brief" >"$tmp/out"; done
sets=()
for project in "${others[@]}"; do
	sets+=("$(api "/projects/$project/constraints" "${json[@]}" -d "$brief" | jq -r .decision_set_id)")
done
for set in "${sets[@]}"; do same "a modest project reaches its gate" "$(until_status "$set" waiting failed)" waiting; done

# When each run came to its gate, in the order of the events.
order=$(sqlite3 -cmd '.timeout 5000' "$tmp/d/.mlops/mlops.db" "SELECT project_id = '$greedy' FROM events WHERE type = 'gate_waiting' ORDER BY id" | tr -d '\n')
first=${order%%0*}                                  # greedy runs before the first modest one
last=${order%"${order##*0}"} between=${last#"$first"} # up to the last modest one
in_between=${between//0/}
printf 'greedy runs before the first other: %s, among the nineteen: %s\n' "${#first}" "${#in_between}"
# One of two slots is the greedy one's at any time: about as many as the others', not all 40.
ok "the greedy one takes no more than its share" test "${#in_between}" -le 25
same "every modest run came through" "$(tr -dc 0 <<<"$order" | wc -c)" 19
kept=$(api "/projects/$greedy/decision-sets?limit=500" | jq '.items | length')
same "nothing of the greedy one is lost" "$kept" 40
finish
