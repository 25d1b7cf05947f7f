# mlops - the one way in: make demo, check, lint, bench, install. Everything is
# built out of the tree, into build/ (build-san/ with SAN=1).

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
ifeq ($(origin CC),default)
CC := gcc
endif

ifeq ($(SAN),1)
B := build-san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT := -O1
else
B ?= build
SANFLAGS :=
OPT := -O2
endif

PKGS := libcjson libpcre2-8 sqlite3 libmicrohttpd libcurl libgit2 libarchive
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wvla $(WERROR)
CPPFLAGS += -D_GNU_SOURCE -Ilib -Itests -include lib/base/banned.h -DMLOPS_VERSION='"$(VERSION)"'
CFLAGS   += -std=c17 -g $(OPT) $(WARN) $(SANFLAGS)
# libcurl brings the shared libcrypto; the static one must not stand in for it there.
LDFLAGS  += -Wl,--as-needed -Wl,--exclude-libs,libcrypto.a $(SANFLAGS)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) libpq 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -l:libcrypto.a -lm -pthread

LIB_SRC  := $(wildcard lib/*/*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/obj/%.o)
CMDS     := $(notdir $(patsubst %/main.c,%,$(wildcard cmd/*/main.c)))
exe       = $(if $(filter mlops mlopsd,$(1)),$(1),mlops-$(1))
BINS     := $(foreach c,$(CMDS),$(B)/bin/$(call exe,$(c)))
UNIT_SRC := $(wildcard tests/unit/*.c)
UNITS    := $(UNIT_SRC:tests/unit/%.c=$(B)/tests/unit/%)
TOOLS_SRC := $(wildcard tests/tools/*.c)
TEST_TOOLS := $(TOOLS_SRC:tests/tools/%.c=$(B)/tests/%)
CONF_SRC := $(wildcard tests/conformance/*.c)
CONF     := $(if $(CONF_SRC),$(B)/tests/conformance)

# One line a step; V=1 shows the whole commands.
ifeq ($(V),1)
say =
run =
else
say = @echo "  $(1)"
run = @
endif

.PHONY: all tests check lint bench demo release install clean tools help
all: $(BINS)

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC    $<)
	$(run)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# One archive of all rooms: a program takes only the objects that it calls, and
# --as-needed only the shared libraries that those need, so filters start fast.
$(B)/libmlops.a: $(LIB_OBJ)
	@rm -f $@
	$(call say,AR    $@)
	$(run)ar qcs $@ $^

define PROGRAM
$(B)/bin/$(call exe,$(1)): $(patsubst %.c,$(B)/obj/%.o,$(wildcard cmd/$(1)/*.c)) $(B)/libmlops.a
	@mkdir -p $$(@D)
	$$(call say,LD    $$@)
	$$(run)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(PKG_LIBS)
endef
$(foreach c,$(CMDS),$(eval $(call PROGRAM,$(c))))

# The vocabulary of briefs, compiled ahead of time into the one program that reads them.
# It checks the files of share/ against those that this was made from at each start.
$(B)/pack-lexicon: $(B)/obj/tools/pack-lexicon.o $(B)/libmlops.a
	$(call say,LD    $@)
	$(run)$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(B)/lexicon.pack: $(B)/pack-lexicon $(wildcard share/lexicon/*.json share/regions/*.json)
	$(call say,PACK  $@)
	$(run)MLOPS_SHARE=share $(B)/pack-lexicon $@
$(B)/obj/cmd/intake/pack.o: CPPFLAGS += -DLEXICON_PACK='"$(B)/lexicon.pack"'
$(B)/obj/cmd/intake/pack.o: $(B)/lexicon.pack

$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(B)/libmlops.a
	@mkdir -p $(@D)
	$(call say,LD    $@)
	$(run)$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka

$(B)/tests/conformance: $(CONF_SRC:%.c=$(B)/obj/%.o) $(B)/libmlops.a
	@mkdir -p $(@D)
	$(call say,LD    $@)
	$(run)$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lz

$(B)/tests/%: $(B)/obj/tests/tools/%.o $(B)/libmlops.a
	@mkdir -p $(@D)
	$(call say,LD    $@)
	$(run)$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

tests: all $(UNITS) $(CONF) $(TEST_TOOLS)

## make all        build every executable into build/bin
## make demo       one brief to one repository, from examples/
## make check      build and run all tests (SAN=1: under ASan and UBSan; T=name: some)
## make lint       formatter, compilers, static analysis, manual pages, scripts, data
## make bench      figures beside their peers
## make tools      the pinned validators for development, into .tools/
## make install    DESTDIR= PREFIX=/usr/local
## make release    refuses unless golden, property, conformance and validation are green
## make clean      remove what was built
check: tests tools
	@PATH="$(CURDIR)/.tools/bin:$(CURDIR)/.tools/venv/bin:$$PATH" tests/run $(B) $(T)

lint: all
	@tools/lint

bench: tests
	@PATH="$(CURDIR)/.tools/bin:$(CURDIR)/.tools/venv/bin:$$PATH" tests/bench/run $(B)

demo: all tools
	@PATH="$(CURDIR)/.tools/bin:$(CURDIR)/.tools/venv/bin:$$PATH" tools/demo $(B)

release: all
	@PATH="$(CURDIR)/.tools/bin:$(CURDIR)/.tools/venv/bin:$$PATH" tools/release $(B)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/mlops
	install -m 755 $(BINS) $(DESTDIR)$(PREFIX)/bin
	cp -R share/. $(DESTDIR)$(PREFIX)/share/mlops
	for page in man/*.[1-9]; do \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
	[ ! -f completion/mlops.bash ] || \
		install -D -m 644 completion/mlops.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mlops
	[ ! -f completion/_mlops ] || \
		install -D -m 644 completion/_mlops $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_mlops
	[ ! -f completion/mlops.fish ] || \
		install -D -m 644 completion/mlops.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/mlops.fish

clean:
	rm -rf build build-san

-include $(wildcard mk/*.mk)
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
