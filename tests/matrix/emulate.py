"""Terraform's plan, apply and destroy of generated repositories against an emulator.

usage: emulate.py plan  BUILD [COUNT]    plan COUNT (all) of plans.json
       emulate.py apply BUILD [COUNT]    apply, plan again, destroy what moto supports,
                                         of the first repository or COUNT of them
       emulate.py record BUILD           the same of as few repositories as have every
                                         resource type, kept in emulate.json

The AWS provider is the real one from a local mirror; the AWS that it talks to is moto
on the loopback interface. What moto does not do, and why, stands in aws.json: such
resources, and those that depend on them, are planned and not applied. A repository
whose bytes the record has already seen pass is not applied again.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cover
import repos

HERE = Path(__file__).resolve().parent
RECORD = HERE / "emulate.json"
# Applying is mostly waiting; planning is work.
JOBS = {"plan": 2, "apply": 2, "record": 4}
OVERRIDE = """terraform {
  backend "local" {}
}

provider "aws" {
  s3_use_path_style = true
  max_retries       = 2
}
"""


@contextlib.contextmanager
def moto(log: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    settings = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    command = [
        str(repos.TOP / ".tools/iac/bin/moto_server"),
        "-H",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=settings, stdout=out, stderr=out)
        try:
            for _ in range(300):
                with (
                    contextlib.suppress(OSError),
                    urllib.request.urlopen(base + "/moto-api/", timeout=5),
                ):
                    break
                time.sleep(0.1)
            else:
                raise SystemExit("moto did not start within 30 s")
            yield base
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@dataclass(frozen=True)
class Named:
    """A root module of a generated repository."""

    name: str
    repo: repos.Repo
    root: str = "infra"


class Terraform:
    """Terraform in a copy of a repository, as if AWS were at `endpoint`."""

    def __init__(self, named: Named, work: Path, endpoint: str, plugins: str) -> None:
        shutil.copytree(named.repo.path, work / "repo")
        self.dir = work / "repo" / named.root
        forgets = json.loads((HERE / "aws.json").read_text())["forgets"]
        for folder in {path.parent for path in self.dir.glob("**/*.tf")}:
            text = self.override(folder, forgets)
            text = OVERRIDE + text if folder == self.dir else text
            (folder / "emulator_override.tf").write_text(text)
        (self.dir / "emulator.auto.tfvars").write_text(self.values())
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(work),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": "/dev/null",
            "TF_VAR_environment": "dev",
        }
        self.run("init", "-input=false", "-no-color", f"-plugin-dir={plugins}")

    def override(self, folder: Path, forgets: dict[str, list[str]]) -> str:
        """Allows to destroy what the code protects, and overlooks what moto forgets.

        A second plan then has no changes at all, or is wrong.
        """
        text = "".join(path.read_text() for path in sorted(folder.glob("*.tf")))
        blocks = []
        for kind, name, body in re.findall(
            r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', text, re.M | re.S
        ):
            lines = ["prevent_destroy = false"] if "prevent_destroy" in body else []
            if kind in forgets:
                lines.append(f"ignore_changes = [{', '.join(forgets[kind])}]")
            if lines:
                life = "\n    ".join(lines)
                blocks.append(
                    f'resource "{kind}" "{name}" {{\n  lifecycle {{\n    {life}\n  }}\n}}\n'
                )
        return "".join(blocks)

    def values(self) -> str:
        """Those that the repository's own tests give its variables."""
        tests = self.dir / "tests/plan.tftest.hcl"
        if not tests.exists():
            return 'github_repository = "acme/platform"\n'
        found = re.search(r"^variables \{\n(.*?)^\}", tests.read_text(), re.M | re.S)
        return found[1] if found else ""

    def raw(self, *words: str, limit: float = 600) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ["terraform", *words],
                cwd=self.dir,
                env=self.env,
                capture_output=True,
                text=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            out = (
                (late.stdout or b"").decode() if isinstance(late.stdout, bytes) else ""
            )
            return subprocess.CompletedProcess(
                words, 124, out, f"no end within {limit:g} s"
            )

    def run(
        self, *words: str, ok: tuple[int, ...] = (0,), limit: float = 600
    ) -> tuple[int, str]:
        done = self.raw(*words, limit=limit)
        if done.returncode not in ok:
            raise SystemExit(
                f"terraform {words[0]}: {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-3000:]}"
            )
        return done.returncode, done.stdout

    def graph(self) -> dict[str, set[str]]:
        """Each resource with those that it needs."""
        needs: dict[str, set[str]] = {}
        for line in self.run("graph")[1].splitlines():
            names = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
            names = [n.replace('\\"', '"') for n in names]
            if "->" in line and len(names) == 2:
                needs.setdefault(names[0], set()).add(names[1])
            elif names and "[label=" in line:
                needs.setdefault(names[0], set())
        return needs


def kind(address: str) -> str:
    parts = [p for p in re.sub(r"\[[^]]*\]", "", address).split(".") if p]
    while parts[0] == "module":
        parts = parts[2:]
    return ".".join(parts[:2]) if parts[0] == "data" else parts[0]


def blocked(graph: dict[str, set[str]], without: set[str]) -> dict[str, set[str]]:
    """Resources that cannot be applied, each with the unsupported types that it needs."""
    out = {a: {kind(a)} for a in graph if kind(a) in without}
    while True:
        more = {}
        for a, needs in graph.items():
            behind = set().union(*(out.get(n, set()) for n in needs)) - out.get(
                a, set()
            )
            if behind:
                more[a] = out.get(a, set()) | behind
        if not more:
            return out
        out |= more


def supported(graph: dict[str, set[str]], without: set[str]) -> list[str]:
    """The resources that are supported with all that they need."""
    out = blocked(graph, without)
    return sorted(a for a in graph if a not in out and not kind(a).startswith("data."))


def diagnostics(text: str) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if event.get("type") == "diagnostic" and event["@level"] == "error":
                found.append(event["diagnostic"])
    return found


def changed(tf: Terraform, some: list[str]) -> list[str]:
    """What a second plan would change."""
    tf.run("plan", "-input=false", "-no-color", "-out=again", *some)
    plan = json.loads(tf.run("show", "-json", "again")[1])
    found = []
    for change in plan.get("resource_changes", []):
        what = change["change"]
        if change["mode"] == "data" or what["actions"] == ["no-op"]:
            continue
        before, after = what["before"] or {}, what["after"] or {}
        names = {k for k in {*before, *after} if before.get(k) != after.get(k)}
        names |= {k for k, unknown in what["after_unknown"].items() if unknown is True}
        found.append(
            f"{change['address']}: {'/'.join(what['actions'])} {', '.join(sorted(names))}"
        )
    return found


def plan_one(tf: Terraform) -> str:
    out = tf.run("plan", "-input=false", "-no-color")[1]
    found = re.search(r"Plan: (\d+) to add, 0 to change, 0 to destroy", out)
    if not found:
        raise SystemExit(f"no plan to add:\n{out[-2000:]}")
    return f"{found[1]} to add"


@dataclass
class Applied:
    """What one run of apply, plan and destroy had."""

    resources: int
    whole: int
    types: list[str]

    def __str__(self) -> str:
        done = f"{self.resources} of {self.whole} resources"
        return f"{done} applied, planned again without changes, destroyed"


def apply_one(tf: Terraform) -> Applied:
    """Applies what is supported, plans again without changes, destroys."""
    data = json.loads((HERE / "aws.json").read_text())
    graph = tf.graph()
    targets = supported(graph, set(data["unsupported"]))
    some = [f"-target={address}" for address in targets]
    done = tf.raw("apply", "-auto-approve", "-input=false", "-json", *some)
    if done.returncode:
        lines = [
            f"{d.get('address', '')}: {d['summary'][:400]}"
            for d in diagnostics(done.stdout)
        ]
        raise SystemExit("apply:\n" + "\n".join(lines or [done.stderr[-2000:]]))
    if changes := changed(tf, some):
        raise SystemExit("the second plan changes:\n" + "\n".join(changes))
    held = tf.run("state", "list")[1].split()
    types = sorted({kind(a) for a in held if not kind(a).startswith("data.")})
    tf.run("destroy", "-auto-approve", "-input=false", "-no-color", *some)
    left = tf.run("state", "list")[1].split()
    if [a for a in left if not kind(a).startswith("data.")]:
        raise SystemExit(f"destroy left {left}")
    whole = sum(1 for a in graph if not kind(a).startswith("data."))
    return Applied(len(targets), whole, types)


def distinct(build: Path, out: Path) -> list[Named]:
    """The repositories of plans.json, each once."""
    found: dict[str, Named] = {}
    for row, state in cover.load(build):
        if state is None:
            continue
        repo = repos.generate(build, state, out)
        pins = (p.split(".", 1)[1] for p in row["pins"].values())
        found.setdefault(
            repo.digest, Named(" ".join([row["constraints"], *pins]), repo)
        )
    return list(found.values())


@dataclass
class Types:
    """Of a root module: the types that may be applied, and of the others why not."""

    may: set[str]
    behind: dict[str, set[str]]


def few(every: list[Named], types: list[Types]) -> list[Named]:
    """As few as have every type that may be applied somewhere: greedy."""
    left = set().union(*(t.may for t in types))
    chosen = []
    while left:
        best = max(
            range(len(every)), key=lambda i: (len(types[i].may & left), every[i].name)
        )
        chosen.append(every[best])
        left -= types[best].may
    return chosen


def write_record(
    types: list[Types], seen: dict[str, Any], plugins: str, failed: int
) -> None:
    """What was applied, and why each type that was not was not."""
    unsupported = json.loads((HERE / "aws.json").read_text())["unsupported"]
    applied = {t for run in seen.values() for t in run["types"]}
    reasons: dict[str, str] = {}
    for one in types:
        for name, behind in one.behind.items():
            needs = ", ".join(sorted(behind))
            reasons.setdefault(name, unsupported.get(name, f"needs {needs}"))
    may = set().union(*(t.may for t in types))
    none = "no instance of it in the environment that is applied"
    reasons |= dict.fromkeys(may - applied, "its run failed" if failed else none)
    RECORD.write_text(
        json.dumps(
            {
                "tools": versions(plugins),
                "applied": sorted(applied),
                "planned_only": {t: reasons[t] for t in sorted(set(reasons) - applied)},
                "runs": dict(sorted(seen.items())),
            },
            indent=1,
        )
        + "\n"
    )


def versions(plugins: str) -> dict[str, str]:
    said = subprocess.run(
        ["terraform", "version", "-json"], capture_output=True, check=True
    )
    aws = Path(plugins, "registry.terraform.io/hashicorp/aws")
    python = repos.TOP / ".tools/iac/bin/python3"
    moto = "import importlib.metadata as m; print(m.version('moto'))"
    return {
        "terraform": json.loads(said.stdout)["terraform_version"],
        "aws": max(p.name for p in aws.iterdir()),
        "moto": subprocess.run(
            [python, "-c", moto], capture_output=True, text=True, check=True
        ).stdout.strip(),
    }


@dataclass
class Bench:
    """What each attempt needs."""

    mode: str
    tmp: Path
    plugins: str

    def attempt(self, named: Named) -> tuple[bool, str, Applied | None]:
        """Plans or applies a repository in an AWS of its own."""
        work = Path(tempfile.mkdtemp(dir=self.tmp))
        try:
            with moto(work / "moto.log") as endpoint:
                tf = Terraform(named, work, endpoint, self.plugins)
                if self.mode == "plan":
                    return True, plan_one(tf), None
                done = apply_one(tf)
                return True, str(done), done
        except SystemExit as problem:
            return False, str(problem), None
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def types(self, named: Named) -> Types:
        """What may be applied of a root module, by Terraform's own graph."""
        without = set(json.loads((HERE / "aws.json").read_text())["unsupported"])
        work = Path(tempfile.mkdtemp(dir=self.tmp))
        graph = Terraform(named, work, "http://127.0.0.1:9", self.plugins).graph()
        shutil.rmtree(work, ignore_errors=True)
        behind: dict[str, set[str]] = {}
        for address, why in blocked(graph, without).items():
            behind.setdefault(kind(address), set()).update(why)
        may = {kind(a) for a in supported(graph, without)}
        return Types(
            may, {k: v for k, v in behind.items() if not k.startswith("data.")}
        )


def kept(chosen: list[Named], plugins: str) -> dict[str, Any]:
    """Runs of the record that are still of these repositories and tools."""
    if not RECORD.exists():
        return {}
    old = json.loads(RECORD.read_text())
    digests = {named.repo.digest for named in chosen}
    if old["tools"] != versions(plugins):
        return {}
    return {k: v for k, v in old["runs"].items() if v["content_digest"] in digests}


def main() -> int:
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("plan", "apply", "record"):
        print(__doc__, file=sys.stderr)
        return 2
    mode, build = sys.argv[1], Path(sys.argv[2]).resolve()
    plugins = repos.real_mirror()
    if plugins is None or shutil.which("terraform") is None:
        print(f"skipped: {mode}: no terraform or no mirror with the real AWS provider")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    seen: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as tmp, ThreadPoolExecutor(JOBS[mode]) as pool:
        bench = Bench(mode, Path(tmp), plugins)
        chosen = every = distinct(build, Path(tmp, "repos"))
        types: list[Types] = []
        if mode == "record":
            every = [*every, Named("bootstrap", every[0].repo, "infra/bootstrap")]
            types = list(pool.map(bench.types, every))
            chosen = few(every, types)
            seen = kept(chosen, plugins)
        elif mode == "apply" or len(sys.argv) == 4:
            chosen = every[: int(sys.argv[3]) if len(sys.argv) == 4 else 1]
        left = [named for named in chosen if named.name not in seen]
        passed = len(chosen) - len(left)
        print(
            f"{len(chosen)} of {len(every)} repositories, {passed} recorded before",
            flush=True,
        )
        for named, (ok, said, done) in zip(
            left, pool.map(bench.attempt, left), strict=True
        ):
            print(f"{'' if ok else 'FAILED: '}{named.name}: {said}", flush=True)
            passed, failed = passed + ok, failed + (not ok)
            if mode == "record" and done is not None:
                seen[named.name] = {"content_digest": named.repo.digest, **vars(done)}
            if mode == "record":
                write_record(types, seen, plugins, failed)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
