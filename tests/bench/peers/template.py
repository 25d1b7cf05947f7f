"""Turns a generated repository into a template of the same size for cookiecutter and copier.

usage: template.py REPOSITORY WORD OUT

Every file is rendered by Jinja; each occurrence of WORD becomes a variable, all other
text stays as it is.
"""

import json
import pathlib
import sys

source, word, out = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
files = [path for path in sorted(source.rglob("*")) if path.is_file()]


def body(text: str, variable: str) -> str:
    raw = text.replace(word, "{% endraw %}{{ " + variable + " }}{% raw %}")
    return "{% raw %}" + raw + "{% endraw %}"


cutter = out / "cookiecutter" / "{{cookiecutter.slug}}"
copier = out / "copier"
for path in files:
    name = path.relative_to(source)
    text = path.read_text(encoding="utf-8")
    for target, variable in ((cutter / name, "cookiecutter.slug"), (copier / f"{name}.jinja", "slug")):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(body(text, variable), encoding="utf-8")
(out / "cookiecutter" / "cookiecutter.json").write_text(json.dumps({"slug": word}))
(copier / "copier.yml").write_text(f"slug: {{type: str, default: {word}}}\n_exclude: [copier.yml]\n")
print(len(files), sum(path.stat().st_size for path in files))
