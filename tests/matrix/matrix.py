"""Every check of generated repositories: briefs times their best three plans.

usage: matrix.py BUILD [--cover N] [--minutes N] [--jobs N] [--record FILE] [--cache DIR]
       BRIEF...

Repositories with the same content are checked once. Each goes through mlops-validate
with every tool that is here and each provider mirror; its pipelines run, and its
services are started and used over HTTP. --cover takes at most N of them whose pairs
of patterns are as many of all as can be; without it they come first. After --minutes
no other is begun (kept verdicts count), and the record names those that were not checked. A verdict is kept
under DIR by everything that went into it, so that a later run goes on from there.
"""

import argparse
import getpass
import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import repos
from repos import TOP, Repo

SERVE = TOP / "tests/integration/generated-serve.py"
PYTHONS = (TOP / ".tools/venv/bin/python", Path("/usr/bin/python3"))
NEEDS = "import boto3, fastapi, jwt, numpy, prometheus_client, pytest, uvicorn"
LEFT = re.compile(rb"\{\{[#^/&]?[a-z_.]+\}\}|<%[#^/]?[a-z_.]+%>|TODO|FIXME|changeme|lorem ipsum")
TEXTS = (".py", ".tf", ".md", ".toml", "Dockerfile")
# What is left out on purpose: the network, and what the repository has nothing for.
EXPECTED = ("needs the network", "nothing in the repository")

Verdict = dict[str, Any]


def python() -> str | None:
    for path in PYTHONS:
        if (
            path.exists()
            and not subprocess.run([path, "-c", NEEDS], capture_output=True, check=False).returncode
        ):
            return str(path)
    return None


def parse() -> argparse.Namespace:
    line = argparse.ArgumentParser(usage=__doc__)
    line.add_argument("build", type=Path)
    line.add_argument("briefs", nargs="+", type=Path)
    line.add_argument("--cover", type=int)
    line.add_argument("--minutes", type=float, default=float("inf"))
    line.add_argument("--jobs", type=int, default=1)
    line.add_argument("--record", type=Path)
    line.add_argument("--cache", type=Path, default=TOP / ".tools/cache/matrix")
    return line.parse_args()


def generate(build: Path, briefs: list[Path], out: Path) -> tuple[list[Repo], list[str], list[str]]:
    """The distinct repositories, what has none and why, and the briefs that failed."""
    made: dict[str, Repo] = {}
    none, failed = [], []
    for brief in briefs:
        try:
            ranked = repos.candidates(build, brief, 3)
        except repos.Refused as why:
            failed.append(f"{brief.name}: {why}")
            continue
        if not ranked:
            none.append(f"{brief.name}: no feasible plan")
        for rank, state in ranked:
            try:
                repo = repos.generate(build, state, out)
            except repos.Refused as why:
                if "has no templates" not in str(why):
                    failed.append(f"{brief.name} {rank}: {why}")
                elif rank == 1:
                    none.append(f"{brief.name}: {state['plan']['cloud']} is planned, not generated")
                continue
            made.setdefault(repo.digest, repo).origins.append(f"{brief.stem} {rank}")
    return list(made.values()), none, failed


def leaks(repo: Repo) -> list[str]:
    """Template tokens, notes to oneself, and this machine's names."""
    mine = [str(TOP), str(repo.path.parent), socket.gethostname() + "."]
    if getpass.getuser() != "root":
        mine.append(f"/home/{getpass.getuser()}")
    found = []
    for path in sorted(repo.path.rglob("*")):
        if not path.is_file() or ".git" in path.relative_to(repo.path).parts[:1]:
            continue
        text = path.read_bytes()
        name = str(path.relative_to(repo.path))
        if path.name.endswith(TEXTS) and (hit := LEFT.search(text)):
            found.append(f"{name}: {hit[0].decode()}")
        found += [f"{name}: {word}" for word in mine if word.encode() in text]
    return found


class Checker:
    def __init__(self, build: Path, cache: Path) -> None:
        self.build, self.cache = build, cache
        self.python = python()
        self.env = {**repos.environment(), "CHECKPOINT_DISABLE": "1"}
        self.env["MLOPS_TF_MIRRORS"] = ":".join(repos.mirrors())

    def key(self, repo: Repo) -> str:
        validators = (TOP / "share/validators.json").read_text()
        parts = [repo.path.name, str(self.python), self.env["MLOPS_TF_MIRRORS"], validators]
        for name in ("share/skeleton/accepted.json", "share/skeleton/python.json"):
            parts.append((TOP / name).read_text())
        tools = {check["tool"] for check in json.loads(validators)["checks"]}
        parts += [f"{tool} {shutil.which(tool) is not None}" for tool in sorted(tools)]
        parts += [SERVE.read_text(), Path(__file__).read_text()]
        for path in sorted((TOP / "lib/validate").glob("*.c")):
            parts.append(path.read_text())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]

    def kept(self, repo: Repo) -> Path:
        return self.cache / f"{self.key(repo)}.json"

    def check(self, repo: Repo) -> Verdict:
        kept = self.kept(repo)
        if kept.exists():
            verdict: Verdict = json.loads(kept.read_text())
            return {**verdict, "kept": True}
        verdict = {"checks": self.validate(repo), "why": []}
        checks = verdict["checks"]
        checks["leaks"] = "fail " + "; ".join(found[:5]) if (found := leaks(repo)) else "pass"
        with tempfile.TemporaryDirectory() as data:
            if (repo.path / "pipelines/__main__.py").exists():
                checks["pipelines"] = self.run(repo, data, "-m", "pipelines")
            for main in sorted(repo.path.glob("services/*/__main__.py")):
                module = f"services.{main.parent.name}"
                checks[f"http {module}"] = self.run(
                    repo, data, str(SERVE), self.python or "", module
                )
        if not any(v.startswith(("fail", "error")) for v in checks.values()):
            self.cache.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(verdict))
        return verdict

    def validate(self, repo: Repo, tools: str | None = None) -> dict[str, str]:
        command = [str(self.build / "bin/mlops-validate"), "-q", "--compact", "-C", str(repo.path)]
        command += ["--cache", str(self.cache / "checks")]
        if tools:
            command += ["--tools", tools]
        done = subprocess.run(
            command, input=repo.state.read_bytes(), capture_output=True, env=self.env, check=False
        )
        if done.returncode not in (0, 12):
            return {
                "mlops-validate": f"error ended with {done.returncode}: {done.stderr.decode()[-500:]}"
            }
        found = {}
        for check in json.loads(done.stdout)["reports"]["checks"]:
            verdict = check["status"]
            if verdict != "pass":
                first = "; ".join(
                    f"{f['file']}:{f['line']} {f['rule']} {f['message']}"
                    for f in check["findings"][:3]
                )
                verdict += f" {check['reason'] or first}"
            found[check["id"]] = verdict
        return found

    def run(self, repo: Repo, data: str, *words: str) -> str:
        if self.python is None:
            return "skipped no Python with the packages"
        env = {**self.env, "DATA_DIR": data}
        done = subprocess.run(
            [self.python, *words],
            cwd=repo.path,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode == 0:
            return "pass"
        return "fail " + (done.stderr or done.stdout).strip()[-800:]


def tell(repo: Repo, verdict: Verdict) -> tuple[int, int, list[str]]:
    """Prints one line, and more for what is not as it should be."""
    checks = verdict["checks"]
    bad = {k: v for k, v in checks.items() if v.split(" ")[0] in ("fail", "error")}
    out = {
        k: v
        for k, v in checks.items()
        if v.startswith("skipped") and not any(w in v for w in EXPECTED)
    }
    passed = sum(v == "pass" for v in checks.values())
    kept = ", as kept" if verdict.get("kept") else ""
    print(f"{repo.digest} ({', '.join(repo.origins)}): {passed} pass{kept}", flush=True)
    for name, why in bad.items():
        print(f"FAILED: {repo.digest} {name}: {why}")
    return (
        passed,
        len(bad),
        [f"{name}: {why.removeprefix('skipped ')}" for name, why in out.items()],
    )


def record(
    path: Path, checked: list[tuple[Repo, Verdict]], late: list[Repo], none: list[str]
) -> None:
    rows = [
        {
            "digest": repo.digest,
            "from": sorted(repo.origins),
            "patterns": repo.patterns,
            "checks": {k: v.split(" ")[0] for k, v in sorted(verdict["checks"].items())},
        }
        for repo, verdict in sorted(checked, key=lambda c: sorted(c[0].origins))
    ]
    text = {
        "checked": len(rows),
        "not_checked": sorted(origin for repo in late for origin in repo.origins),
        "without_repository": sorted(none),
        "repositories": rows,
    }
    path.write_text(json.dumps(text, indent=1) + "\n")


def main() -> int:
    args = parse()
    start = time.monotonic()
    build = args.build.resolve()
    passed = failed = 0
    skipped: set[str] = set()
    checked = []
    with tempfile.TemporaryDirectory(prefix="matrix") as tmp:
        all_repos, none, broken = generate(build, args.briefs, Path(tmp))
        for line in broken:
            print(f"FAILED: {line}")
            failed += 1
        examples = {
            r.digest for r in all_repos if any(is_example(o, args.briefs) for o in r.origins)
        }
        count = len(all_repos) if args.cover is None else args.cover
        chosen, pairs, covered = repos.cover(all_repos, count, examples)
        print(
            f"{len(chosen)} of {len(all_repos)} repositories have {covered} of {pairs} "
            "pairs of patterns",
            flush=True,
        )
        if args.cover is None:
            chosen += [r for r in all_repos if r not in chosen]
        checker = Checker(build, args.cache)

        def in_time(repo: Repo) -> Verdict | None:
            if time.monotonic() - start > 60 * args.minutes and not checker.kept(repo).exists():
                return None
            return checker.check(repo)

        with ThreadPoolExecutor(args.jobs) as work:
            for repo, verdict in zip(chosen, work.map(in_time, chosen), strict=True):
                if verdict is None:
                    continue
                good, bad, out = tell(repo, verdict)
                passed, failed = passed + good, failed + bad
                skipped.update(out)
                checked.append((repo, verdict))
        done = {repo.digest for repo, _ in checked}
        late = [r for r in all_repos if r.digest not in done]
        if args.record:
            record(args.record, checked, late, none)
    for line in none:
        print(f"without a repository: {line}")
    for line in sorted(skipped):
        print(f"skipped: {line}")
    print(f"{len(args.briefs)} briefs, {len(all_repos)} repositories, {len(checked)} checked")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return int(failed > 0)


def is_example(origin: str, briefs: list[Path]) -> bool:
    name, rank = origin.rsplit(" ", 1)
    return rank == "1" and any(b.stem == name and b.parent.name == "examples" for b in briefs)


if __name__ == "__main__":
    sys.exit(main())
