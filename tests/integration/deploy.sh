#!/usr/bin/env bash
# deploy/: Terraform (fmt, validate under both major versions of the provider, its tests,
# a plan against an AWS emulator, tflint, checkov), the container file, the systemd unit.
# Apply and destroy against the emulator take minutes: make deploy-emulated.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"
export PATH=$top/.tools/bin:$top/.tools/venv/bin:$PATH TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
deploy=$top/deploy
have() { command -v "$1" >/dev/null; }

# ---- Terraform ----
if have terraform; then
	: >"$tmp/empty.rc"
	export TF_CLI_CONFIG_FILE=$tmp/empty.rc
	ok "terraform fmt" terraform fmt -check -recursive "$deploy/terraform"
	mirror=$(tests/integration/provider-mirror)
	schemas=$top/../shared/terraform/schema-provider
	if [ -n "$mirror" ]; then
		cp -R "$deploy/terraform" "$tmp/real"
		ok "init with the real provider" terraform -chdir="$tmp/real" init -backend=false -input=false -plugin-dir="$mirror"
		ok "validate with the real provider" terraform -chdir="$tmp/real" validate
		ok "terraform test" terraform -chdir="$tmp/real" test
	else
		skip "validate and test with the real provider: no mirror of the provider"
	fi
	if [ -f "$schemas/setup.js" ] && have node; then
		[ -f .tools/cache/schemas/terraform.rc ] || (cd "$schemas" && node setup.js .. "$top/.tools/cache/schemas") >"$tmp/setup" 2>&1
		cp -R "$deploy/terraform" "$tmp/next"
		export TF_CLI_CONFIG_FILE=$top/.tools/cache/schemas/terraform.rc
		ok "init with the next major version" terraform -chdir="$tmp/next" init -backend=false -input=false
		ok "validate with the next major version" terraform -chdir="$tmp/next" validate
	else
		skip "validate with the next major version: ../shared/terraform is not there (provider)"
	fi
else
	skip "terraform: not installed (its maker's provider is not in a registry here)"
fi
if have tflint; then
	ok "tflint" tflint --chdir="$deploy/terraform"
else skip "tflint is not installed (make tools)"; fi
if have checkov; then
	ok "checkov" checkov -d "$deploy/terraform" --framework terraform --quiet --compact --skip-download
else skip "checkov is not installed (make tools)"; fi

# ---- the container, whose steps run without a container engine ----
if have hadolint; then
	ok "hadolint" hadolint "$deploy/Containerfile"
else skip "hadolint is not installed (make tools)"; fi
for package in $(grep -A 3 'apt-get install' "$deploy/Containerfile" | tr ' \\' '\n\n' | grep -E '^(lib[a-z0-9.+-]*|gcc|make|pkg-config|git|graphviz|ca-certificates|zlib1g-dev)$' | sort -u); do
	ok "the image's package $package exists" apt-cache show "$package"
done
for path in $(sed -n 's/^COPY \([a-zA-Z]*\) .*/\1/p' "$deploy/Containerfile"); do
	ok "what the image copies is there: $path" test -e "$path"
done
ok "the image's install step" make -s install B="$build" DESTDIR="$tmp/image" PREFIX=/usr/local
if [ -x "$tmp/image/usr/local/bin/mlopsd" ]; then
	ok "the installed mlopsd starts" "$tmp/image/usr/local/bin/mlopsd" --version
	needs=$(ldd "$tmp/image/usr/local/bin/"* | sed -n 's/^\s*\(lib[^ ]*\) => .*/\1/p' | sort -u)
	runtime=$(awk '/^FROM/ { n++ } n == 2' "$deploy/Containerfile")
	for lib in libcjson libpcre2 libsqlite3 libpq libmicrohttpd libcurl libgit2 libarchive; do
		if grep -q "^$lib" <<<"$needs"; then ok "the image has $lib" grep -q "$lib" <<<"$runtime"; fi
	done
fi

# ---- systemd ----
if have systemd-analyze; then
	sed "s#/usr/local/bin/mlopsd#/bin/true#" "$deploy/systemd/mlopsd.service" >"$tmp/mlopsd.service"
	ok "systemd-analyze verify" systemd-analyze verify --man=no "$tmp/mlopsd.service"
	ok "systemd-analyze security: exposure of 2.0 at the most" \
		systemd-analyze security --offline=yes --threshold=20 "$tmp/mlopsd.service"
else skip "systemd-analyze is not installed"; fi
finish
