#!/usr/bin/env bash
# mlops golden record and verify: what is frozen is found again, what changes is told
# key by key, in JUnit and by the exit status.
# shellcheck disable=SC2154
. "$(dirname "$0")/driver.bash"
fake
cd "$work" || exit 1
mkdir golden
echo "a small thing" >golden/small.md
echo "a policy-warn thing" >golden/set.md
echo '{"set":["word=big"]}' >golden/set.options.json
exits "record" 0 mlops golden record golden
for f in state.json files.txt golden.json; do ok "$f is there" test -s "golden/set/$f"; done
ok "options count" grep -q big.txt golden/set/files.txt
ok "no clock, no host, no path" sh -c "! grep -rE -e '$work|$(date -u +%Y-%m-%dT)' golden/*/"
cp -r golden before
exits "record again" 0 mlops golden record golden
ok "gives the same bytes" diff -r golden before
exits "verify" 0 mlops golden verify golden --junit junit.xml
says "every brief" "ok      small"
ok "JUnit is XML" python3 -c "import xml.etree.ElementTree as t; r=t.parse('junit.xml').getroot(); assert r[0].get('failures')=='0' and int(r[0].get('tests'))>20"
mkdir other && cp -r golden other/
exits "verify elsewhere, in another zone" 0 env TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8 mlops golden verify other/golden

echo "a big thing" >golden/small.md
exits "a changed brief" 12 mlops golden verify golden --junit junit.xml
says "shows the value before" '- /cost/monthly_usd: 100'
says "and now" '+ /cost/monthly_usd: 200'
says "and the files" '+ big.txt'
says "and the others stay" "ok      set"
ok "JUnit tells it" python3 -c "import xml.etree.ElementTree as t; r=t.parse('junit.xml').getroot(); assert int(r[0].get('failures'))>=3 and r.iter('failure')"
echo "a policy-fail thing" >golden/small.md
exits "policy fail is a failure" 12 mlops golden verify golden
says "by name" "policy is not fail"
exits "and is not frozen" 65 mlops golden record golden
echo "a new thing" >golden/new.md
rm golden/small.md
exits "a brief that was never frozen" 66 mlops golden verify golden
says "by name" "'new' was never frozen"
mkdir empty
exits "no brief" 66 mlops golden verify empty
exits "no folder" 66 mlops golden verify nowhere
exits "no verb" 2 mlops golden
exits "a wrong verb" 2 mlops golden forget golden
ok "nothing is left behind" sh -c '! ls -d "${TMPDIR:-/tmp}"/mlops-golden-* 2>/dev/null'
finish
