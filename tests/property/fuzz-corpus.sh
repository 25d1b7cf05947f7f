#!/usr/bin/env bash
# Every parser takes its corpus and changed copies of it (the same ones every time)
# without a crash, a leak or a broken law; make fuzz looks for new ones.
exec "${1:-build}/tests/fuzz-replay" tests/fuzz/corpus 150
