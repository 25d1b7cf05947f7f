#!/usr/bin/env bash
# A value written by {{x}} can never end the literal it stands in: nasty texts are
# escaped for each language and read back by that language's own reader.
exec python3 tests/property/escapers.py "${1:-build}/tests/escape"
