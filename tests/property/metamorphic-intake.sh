#!/usr/bin/env bash
# metamorphic-intake.sh BUILD: a brief said in another way gives the same constraints; with
# remarks that concern nobody, too; and a value goes with the sentence that held it.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/property/metamorphic-intake.py "${1:-build}"
