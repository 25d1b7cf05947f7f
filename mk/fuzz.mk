## make fuzz       libFuzzer over every parser, FUZZ_SECONDS (5) each; needs clang
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 5
FUZZ_SRC := tests/fuzz/fuzz.c $(wildcard lib/base/*.c lib/json/*.c lib/template/*.c \
	lib/redact/*.c lib/hcl/*.c lib/infra/*.c lib/policy/*.c lib/lexer/*.c lib/state/*.c lib/intake/*.c \
	lib/catalog/*.c lib/pricing/*.c lib/rules/*.c lib/compose/*.c lib/solver/*.c \
	lib/queueing/*.c lib/llm/*.c lib/http/*.c lib/blob/*.c lib/signing/*.c)
FUZZ_OBJ := $(FUZZ_SRC:%.c=build-fuzz/obj/%.o)
FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined

build-fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(PKG_CFLAGS) -std=c17 -g -O1 $(FUZZ_SAN) -MMD -MP -c -o $@ $<

build-fuzz/fuzz: $(FUZZ_OBJ)
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(PKG_LIBS)

.PHONY: fuzz
fuzz: build-fuzz/fuzz
	@tests/fuzz/run build-fuzz $(FUZZ_SECONDS)

clean: clean-fuzz
.PHONY: clean-fuzz
clean-fuzz:
	rm -rf build-fuzz

-include $(shell find build-fuzz/obj -name '*.d' 2>/dev/null)
