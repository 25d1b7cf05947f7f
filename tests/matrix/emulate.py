"""Terraform's plan, apply and destroy of generated repositories against an emulator.

usage: emulate.py plan  BUILD [COUNT]    plan COUNT (all) of plans.json
       emulate.py apply BUILD [COUNT]    apply, plan again, destroy what moto supports

The AWS provider is the real one from a local mirror; the AWS that it talks to is moto
on the loopback interface. What moto does not do, and why, stands in aws.json: such
resources, and those that depend on them, are planned and not applied.
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
from pathlib import Path
from typing import Any

import cover
import repos

HERE = Path(__file__).resolve().parent
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
    command = [str(repos.TOP / ".tools/iac/bin/moto_server"), "-H", "127.0.0.1", "-p", str(port)]
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
            server.wait(timeout=20)


class Terraform:
    """Terraform in a copy of a repository, as if AWS were at `endpoint`."""

    def __init__(self, repo: Path, work: Path, endpoint: str, plugins: str) -> None:
        shutil.copytree(repo, work / "repo")
        self.dir = work / "repo" / "infra"
        (self.dir / "emulator_override.tf").write_text(OVERRIDE)
        # The values that the repository's own tests give its variables.
        tests = (self.dir / "tests/plan.tftest.hcl").read_text()
        values = re.search(r"^variables \{\n(.*?)^\}", tests, re.M | re.S)
        (self.dir / "emulator.auto.tfvars").write_text(values[1] if values else "")
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
            out = (late.stdout or b"").decode() if isinstance(late.stdout, bytes) else ""
            return subprocess.CompletedProcess(words, 124, out, f"no end within {limit:g} s")

    def run(self, *words: str, ok: tuple[int, ...] = (0,), limit: float = 600) -> tuple[int, str]:
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


def supported(graph: dict[str, set[str]], without: set[str]) -> list[str]:
    """The resources that are supported with all that they need."""
    out = {a for a in graph if kind(a) in without}
    while True:
        more = {a for a, needs in graph.items() if a not in out and needs & out}
        if not more:
            break
        out |= more
    return sorted(a for a in graph if a not in out and not kind(a).startswith("data."))


def reset(endpoint: str) -> None:
    request = urllib.request.Request(endpoint + "/moto-api/reset", method="POST")
    with urllib.request.urlopen(request, timeout=60):
        pass


def diagnostics(text: str) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if event.get("type") == "diagnostic" and event["@level"] == "error":
                found.append(event["diagnostic"])
    return found


def changed(tf: Terraform, some: list[str], forgets: dict[str, list[str]]) -> list[str]:
    """What a second plan would change, but for what moto forgets of a type."""
    tf.run("plan", "-input=false", "-no-color", "-out=again", *some)
    found = []
    for change in json.loads(tf.run("show", "-json", "again")[1]).get("resource_changes", []):
        if change["mode"] == "data" or change["change"]["actions"] == ["no-op"]:
            continue
        before, after = change["change"]["before"] or {}, change["change"]["after"] or {}
        names = {k for k in {*before, *after} if before.get(k) != after.get(k)}
        names |= {k for k, v in change["change"]["after_unknown"].items() if v and k in after}
        names -= set(forgets.get(change["type"], []))
        if names or change["change"]["actions"] != ["update"]:
            what = "/".join(change["change"]["actions"])
            found.append(f"{change['address']}: {what} {', '.join(sorted(names))}")
    return found


def plan_one(tf: Terraform) -> str:
    out = tf.run("plan", "-input=false", "-no-color")[1]
    found = re.search(r"Plan: (\d+) to add, 0 to change, 0 to destroy", out)
    if not found:
        raise SystemExit(f"no plan to add:\n{out[-2000:]}")
    return f"{found[1]} to add"


def apply_one(tf: Terraform, types: dict[str, int]) -> str:
    """Applies what is supported, plans again without changes, destroys."""
    data = json.loads((HERE / "aws.json").read_text())
    graph = tf.graph()
    targets = supported(graph, set(data["unsupported"]))
    some = [f"-target={address}" for address in targets]
    done = tf.raw("apply", "-auto-approve", "-input=false", "-json", *some)
    if done.returncode:
        lines = [f"{d.get('address', '')}: {d['summary'][:400]}" for d in diagnostics(done.stdout)]
        raise SystemExit("apply:\n" + "\n".join(lines or [done.stderr[-2000:]]))
    if changes := changed(tf, some, data["forgets"]):
        raise SystemExit("the second plan changes:\n" + "\n".join(changes))
    held = tf.run("state", "list")[1].split()
    for address in held:
        if not kind(address).startswith("data."):
            types[kind(address)] = types.get(kind(address), 0) + 1
    tf.run("destroy", "-auto-approve", "-input=false", "-no-color", *some)
    left = tf.run("state", "list")[1].split()
    if [a for a in left if not kind(a).startswith("data.")]:
        raise SystemExit(f"destroy left {left}")
    whole = sum(1 for a in graph if not kind(a).startswith("data."))
    return f"{len(targets)} of {whole} resources applied, planned again without changes, destroyed"


def main() -> int:
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("plan", "apply"):
        print(__doc__, file=sys.stderr)
        return 2
    build = Path(sys.argv[2]).resolve()
    plugins = repos.real_mirror()
    if plugins is None or shutil.which("terraform") is None:
        print(f"skipped: {sys.argv[1]}: no terraform or no mirror with the real AWS provider")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    rows = [(row, state) for row, state in cover.load(build) if state is not None]
    if len(sys.argv) == 4:
        rows = rows[: int(sys.argv[3])]
    passed = failed = 0
    types: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as tmp, moto(Path(tmp, "moto.log")) as endpoint:
        seen = set()
        for row, state in rows:
            repo = repos.generate(build, state, Path(tmp, "repos"))
            if repo.digest in seen:
                continue
            seen.add(repo.digest)
            name = " ".join(
                [row["constraints"], *(p.split(".", 1)[1] for p in row["pins"].values())]
            )
            work = Path(tempfile.mkdtemp(dir=tmp))
            try:
                tf = Terraform(repo.path, work, endpoint, plugins)
                if sys.argv[1] == "plan":
                    said = plan_one(tf)
                else:
                    reset(endpoint)
                    said = apply_one(tf, types)
                print(f"{name}: {said}")
                passed += 1
            except SystemExit as problem:
                print(f"FAILED: {name}: {problem}")
                failed += 1
            shutil.rmtree(work, ignore_errors=True)
    if types:
        print("resource types applied:", ", ".join(sorted(types)))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
