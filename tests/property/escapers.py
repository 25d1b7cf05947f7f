"""Reads escaped texts back with real readers. Used by escapers.sh."""

import ast
import html
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import tomllib

tool = sys.argv[1]
passed = failed = skipped = 0

PIECES = ['"', "'", "\\", "$", "${", "$${", "%{", "%%{", "`", "`id`", "$(id)", "#", "\n", "\r\n", "\t",
          "{{", "}}", "<", ">", "&", "&amp;", "<!--", "*/", "--", ";", "|", "!", "!!", "é", "\u0085",
          "\u2028", "\u2029", "\ufeff", "\x7f", "\x01", "\x1b[31m", "😀", " ", "a", "0", ": ", "- ",
          "\\u0041", "\\x41", "\\n", '"""', "]]>", "@", "%", "~", "{", "}", "(", ")", "[", "]", ",", "="]


def texts():
    rng = random.Random(1)
    made = list(PIECES)
    made += ["".join(rng.choice(PIECES) for _ in range(rng.randint(2, 9))) for _ in range(400)]
    return made


def escaped(language, values):
    run = subprocess.run([tool, language], input=json.dumps(values), capture_output=True, text=True,
                         check=True)
    return json.loads(run.stdout)


def spaced(text):
    """Languages without escapes for control characters get spaces for them."""
    return "".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in text)


def compare(language, values, got):
    global passed, failed
    for want, have in zip(values, got, strict=True):
        if want == have:
            passed += 1
        else:
            failed += 1
            print(f"FAIL {language}: {want!r} came back as {have!r}")


def skip(language, why):
    global skipped
    skipped += 1
    print(f"SKIP {language}: {why}")


def run_lines(argv, text):
    out = subprocess.run(argv, input=text, capture_output=True, text=True, check=True).stdout
    return out.split("\x1e\n")[:-1]


values = texts()
compare("json", values, [json.loads(f'"{t}"') for t in escaped("json", values)])
compare("python", values, [ast.literal_eval(f'"{t}"') for t in escaped("python", values)])
compare("toml", values, [tomllib.loads(f'x = "{t}"')["x"] for t in escaped("toml", values)])
compare("html", values, [html.unescape(t) for t in escaped("html", values)])
database = sqlite3.connect(":memory:")
compare("sql", values, [database.execute(f"SELECT '{t}'").fetchone()[0] for t in escaped("sql", values)])

try:
    import yaml
    compare("yaml", values, [yaml.safe_load(f'x: "{t}"')["x"] for t in escaped("yaml", values)])
except ImportError:
    skip("yaml", "PyYAML is not installed")

script = "".join(f"printf '%s\\036\\n' \"{t}\"\n" for t in escaped("shell", values))
compare("shell", [spaced(v) for v in values], run_lines(["sh", "-s"], script))

if shutil.which("make"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "Makefile")
        with open(path, "w", encoding="utf-8") as f:
            f.write("all:\n")
            for t in escaped("make", values):
                f.write(f"\t@printf '%s\\036\\n' \"{t}\"\n")
        compare("make", [spaced(v) for v in values], run_lines(["make", "-s", "-f", path], ""))
else:
    skip("make", "make is not installed")

if shutil.which("terraform"):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "main.tf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("locals {\n  all = [\n")
            f.writelines(f'    "{t}",\n' for t in escaped("hcl", values))
            f.write("  ]\n}\n")
        run = subprocess.run(["terraform", f"-chdir={folder}", "console"],
                             input="base64encode(jsonencode(local.all))\n", capture_output=True, text=True,
                             env={**os.environ, "CHECKPOINT_DISABLE": "1"})
        if run.returncode != 0:
            failed += 1
            print("FAIL hcl:", run.stderr[:300])
        else:
            import base64
            compare("hcl", values, json.loads(base64.b64decode(run.stdout.strip().strip('"'))))
else:
    skip("hcl", "terraform is not installed")

print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
