#!/usr/bin/env bash
# A release is refused while a gate is red, and made when all are green.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
[ -d .git ] || { skip "release gates: not a git checkout"; finish; }
git clone -q . "$tmp/clone" 2>/dev/null || { skip "release gates: cannot clone this checkout"; finish; }
cd "$tmp/clone" || exit 1
mkdir -p tests/property && printf '#!/bin/sh\necho "0 passed, 1 failed, 0 skipped"\nexit 1\n' >tests/property/red.sh
chmod +x tests/property/red.sh
if tools/release build >"$tmp/out" 2>&1; then fail "an uncommitted tree was released"; else pass; fi
ok "it says why" grep -q 'not committed' "$tmp/out"
git add -A && git -c user.name=t -c user.email=t@localhost commit -qm "A red gate"
if RELEASE_GATES=property/red tools/release build >"$tmp/out" 2>&1; then fail "a red gate was released"; else pass; fi
ok "it says which" grep -q 'gates are not green' "$tmp/out"
ok "no archive is left" test ! -e "build/release/mlops-$(sed -n 's/^VERSION := //p' Makefile).tar.gz"
printf '#!/bin/sh\necho "1 passed, 0 failed, 0 skipped"\n' >tests/property/red.sh
git -c user.name=t -c user.email=t@localhost commit -qam "A green gate"
ok "green gates release" env RELEASE_GATES=property/red tools/release build
ok "the archive holds the Makefile" sh -c "tar -tzf build/release/mlops-*.tar.gz | grep -q '/Makefile$'"
finish
