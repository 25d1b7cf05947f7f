"""The figures of tests/bench/llm.sh."""

import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[3]
RUNS = int(os.environ.get("LLM_BENCH_RUNS", "15"))
REQUEST = json.dumps({"purpose": "intake.extract", "inputs": {"brief": "Score invoices nightly. " * 40, "missing": ["cloud"], "ambiguous": [], "fields": {}}})
SDK = {
    "anthropic SDK": "import anthropic,sys; c=anthropic.Anthropic(api_key='sk-none-000',base_url=sys.argv[1]); print(c.messages.create(model='claude-sonnet-5-5',max_tokens=100,messages=[{'role':'user','content':sys.stdin.read()}]).id)",
    "openai SDK": "import openai,sys; c=openai.OpenAI(api_key='sk-none-000',base_url=sys.argv[1]+'/v1'); print(c.responses.create(model='gpt-6.1-sol',input=sys.stdin.read()).id)",
}
tmp = pathlib.Path(tempfile.mkdtemp())
env = dict(os.environ, ANTHROPIC_API_KEY="sk-none-000", OPENAI_API_KEY="sk-none-000", MLOPS_LLM_STATE=str(tmp / "state"))
server = subprocess.Popen([sys.executable, TOP / "tests/llm/server.py", "--port-file", tmp / "port"])
while not (tmp / "port").exists():
    time.sleep(0.02)
port = int((tmp / "port").read_text())
base = f"http://127.0.0.1:{port}/s"


def timed(run):
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def raw():
    c = http.client.HTTPConnection("127.0.0.1", port)
    body = json.dumps({"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": REQUEST}]})
    c.request("POST", "/s/slow50/v1/messages", body, {"x-api-key": "k", "anthropic-version": "2026-10-21"})
    c.getresponse().read()
    c.close()


def ours(provider, scenario, *options):
    url = f"{base}/{scenario}" + ("" if provider == "anthropic" else "/v1")
    return subprocess.run(["mlops-llm", "--provider", provider, "--base-url", url, *options], input=REQUEST, env=env, check=True, capture_output=True, text=True).stdout


def sdk(code):
    subprocess.run([sys.executable, "-c", code, f"{base}/slow50"], input=REQUEST, env=env, check=True, capture_output=True, text=True)


rows = {"the provider itself": raw, "mlops-llm anthropic": lambda: ours("anthropic", "slow50"), "mlops-llm openai": lambda: ours("openai", "slow50")}
try:
    import anthropic  # noqa: F401
    import openai  # noqa: F401

    rows.update({name: (lambda c=code: sdk(c)) for name, code in SDK.items()})
except ImportError:
    pass
times = {name: [] for name in rows}
for _ in range(RUNS):  # turn about, so that all see the same noise
    for name, run in rows.items():
        times[name].append(timed(run))
own = statistics.median(times["the provider itself"])
print(f"one call, whole process, provider latency 50 ms, medians of {RUNS}")
for name, values in times.items():
    m = statistics.median(values)
    print(f"  {name:22} {m:8.1f} ms   over the provider {m - own:8.1f} ms")

def first_of_provider():
    """When the stream's first piece of text comes, read without us."""
    c = http.client.HTTPConnection("127.0.0.1", port)
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    body = {"model": "claude-sonnet-5-5", "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": REQUEST}], "output_config": {"format": {"type": "json_schema", "schema": schema}}}
    start = time.perf_counter()
    c.request("POST", "/s/helpful+pause/v1/messages", json.dumps(body), {"x-api-key": "k", "anthropic-version": "2026-10-21"})
    answer = c.getresponse()
    while b"text_delta" not in answer.readline():
        pass
    took = (time.perf_counter() - start) * 1000
    c.close()
    return took


first, last, theirs = [], [], []
for _ in range(5):
    theirs.append(first_of_provider())
    start = time.perf_counter()
    p = subprocess.Popen(["mlops-llm", "--provider", "anthropic", "--base-url", f"{base}/helpful+pause", "--stream"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)
    p.stdin.write(REQUEST)
    p.stdin.close()
    p.stdout.readline()
    first.append((time.perf_counter() - start) * 1000)
    p.stdout.read()
    p.wait()
    last.append((time.perf_counter() - start) * 1000)
print(f"streaming, an event every 150 ms: the provider's first piece of text after {statistics.median(theirs):.1f} ms, ours after {statistics.median(first):.1f} ms, the whole after {statistics.median(last):.0f} ms")

config = tmp / "config.json"
config.write_text('{"limits": {"concurrency": 64}}')
calls = []
for _ in range(50):
    p = subprocess.Popen(["mlops-llm", "--provider", "anthropic", "--base-url", f"{base}/slow2500", "--config", config], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env, text=True)
    p.stdin.write(REQUEST)
    p.stdin.close()
    calls.append(p)
time.sleep(1.8)
pss = 0
for p in calls:
    try:
        text = pathlib.Path(f"/proc/{p.pid}/smaps_rollup").read_text()
        pss += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    except (OSError, StopIteration):
        pass
alive = sum(p.poll() is None for p in calls)
statuses = [p.wait() for p in calls]
print(f"50 calls at once: {alive} at work when looked at, {pss / 1024:.1f} MiB in all (proportional set size), {statuses.count(0)} answered")
server.terminate()
