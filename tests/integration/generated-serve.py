"""Start a generated service as its own process and use it over HTTP.

usage: generated-serve.py PYTHON MODULE

Runs in the repository's root with DATA_DIR set to what its pipelines left behind,
so that a served model or an answered question has gone the whole way. Prints what
it saw; exit status 1 says what was wrong.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def call(base: str, path: str, body: object = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read()


def wait(base: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"ended at once with status {process.returncode}")
        try:
            if call(base, "/health/live")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("did not start within 30 s")


def expect(what: str, good: bool, seen: object) -> None:
    if not good:
        raise SystemExit(f"{what}: {seen!r}")
    print(f"{what}: ok")


def instance() -> dict[str, object]:
    contract = json.loads(Path("data/contract.json").read_text(encoding="utf-8"))
    features = {name: 1.0 for name in contract["numeric"]}
    return {"id": "one", "features": features}


def use(base: str, data: Path) -> None:
    status, body = call(base, "/openapi.json")
    expect("openapi", status == 200, status)
    posts = [path for path, ways in json.loads(body)["paths"].items() if "post" in ways]
    status, body = call(base, "/health/ready")
    expect("ready", status == 200, body)
    status, body = call(base, "/metrics")
    expect("metrics", status == 200 and b"http_requests_total" in body, status)
    for path in posts:
        status, body = call(base, path, {"no": "such field"})
        expect(f"bad input to {path}", status == 422, (status, body))
    used = 0
    for path in posts:
        if "predict" in path:
            status, body = call(base, path, {"instances": [instance()], "explain": True})
            expect(f"{path}", status == 200, (status, body))
            trained = any(data.glob("model_registry/*/stages/production.json"))
            fallback = json.loads(body)["fallback"]
            expect("model of the pipelines" if trained else "fallback", fallback != trained, body)
            used += 1
        elif "answer" in path or "ask" in path or "question" in path:
            question = json.loads(Path("data/sample/questions.json").read_text("utf-8"))[2]
            status, body = call(base, path, {"question": question["question"]})
            expect(f"{path}", status == 200, (status, body))
            answer = json.loads(body)
            sources = [one["source"] for one in answer["citations"]]
            expect("cites its source", question["source"] in sources, answer)
            used += 1
    expect("something to call", used > 0, posts)


def main() -> None:
    python, module = sys.argv[1:]
    port = free_port()
    settings = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1"}
    process = subprocess.Popen([python, "-m", module], env=settings, stdout=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        wait(base, process)
        use(base, Path(os.environ["DATA_DIR"]))
        process.send_signal(signal.SIGTERM)
        expect("stops cleanly", process.wait(timeout=20) in (0, -signal.SIGTERM), process.returncode)
    finally:
        if process.poll() is None:
            process.kill()


if __name__ == "__main__":
    main()
