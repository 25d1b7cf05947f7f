"""A crash campaign: workers and the API are killed, the database is restarted and the
network is cut, at random, while jobs run; then everything must have happened once.

    crash.py DIR DATABASE_PORT NAME RESTART_COMMAND KILLS JOBS

mlopsd is on the PATH; DIR gets its logs and artifacts; RESTART_COMMAND restarts the
database at once. Prints "ok NAME" or "not ok NAME: why".
"""

import asyncio
import contextlib
import hashlib
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
import zipfile

import httpx

BASE, DB_PORT, DB_NAME, RESTART = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
KILLS, JOBS = int(sys.argv[5]), int(sys.argv[6])
WORKERS = 4
LEASE_S = 3
TOKEN = "crash-token-0123456789"
BRIEFS = [open(f"examples/{b}.md", encoding="utf-8").read() for b in ("rag-startup", "batch-training", "streaming-fraud")]
dice = random.Random(int(os.environ.get("SEED", "7")))
failed = 0


def check(name, bad):
    global failed
    if bad:
        failed += 1
        print(f"not ok {name}: {str(bad)[:1500]}", flush=True)
    else:
        print(f"ok {name}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Proxy:
    """Between the daemons and the database; can be cut."""

    def __init__(self):
        self.port, self.cut, self.writers = free_port(), False, set()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),), daemon=True).start()

    async def serve(self):
        server = await asyncio.start_server(self.connect, "127.0.0.1", self.port)
        async with server:
            await server.serve_forever()

    async def connect(self, reader, writer):
        if self.cut:
            writer.transport.abort()
            return
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", DB_PORT)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, to_writer)
        self.writers.update(pair)
        await asyncio.gather(self.pump(reader, to_writer), self.pump(to_reader, writer))
        self.writers.difference_update(pair)

    async def pump(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def set_cut(self, cut):
        self.cut = cut
        if cut:
            for w in list(self.writers):
                self.loop.call_soon_threadsafe(w.transport.abort)


class Daemon:
    def __init__(self, role, db):
        self.role, self.db, self.port, self.process = role, db, free_port(), None
        self.log = open(f"{BASE}/{role}-{self.port}.log", "ab")
        self.start()

    def start(self):
        args = ["mlopsd", self.role, "--db", self.db, "--listen", f"127.0.0.1:{self.port}",
                "--artifacts", f"{BASE}/blobs", "--home", f"{BASE}/home-{self.port}", "--validators", "none",
                "--lease", str(LEASE_S), "--poll", "200", "--slots", "2", "--retries", "50"]
        self.process = subprocess.Popen(args, env=os.environ | {"MLOPSD_TOKEN": TOKEN}, stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


proxy = Proxy()
url = f"postgres://mlops@127.0.0.1:{proxy.port}/{DB_NAME}"
direct = f"postgres://mlops@127.0.0.1:{DB_PORT}/{DB_NAME}"
subprocess.run(["mlopsd", "migrate", "--db", direct], check=True, stdout=subprocess.DEVNULL)
api = Daemon("api", url)
workers = [Daemon("worker", url) for _ in range(WORKERS)]


def call(method, path, body=None, key=None, wanted=(200, 201, 202)):
    """As a client that does not give up: the key makes trying again safe."""
    headers = {"Authorization": f"Bearer {TOKEN}"} | ({"Idempotency-Key": key} if key else {})
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            r = httpx.request(method, f"http://127.0.0.1:{api.port}{path}", json=body, headers=headers, timeout=15)
            if r.status_code in wanted:
                return r
            if r.status_code not in (409, 429, 500, 503):
                raise AssertionError(f"{method} {path}: {r.status_code} {r.text[:300]}")
            if r.status_code == 500:
                problems.append(f"500: {path}")
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{method} {path}: no answer in three minutes")


problems, sets, streams = [], [], {}


def stream(sid):
    """One client that comes back whenever it is cut off, until run-complete."""
    seen, last = [], 0
    until = time.monotonic() + 900
    while time.monotonic() < until:
        try:
            headers = {"Authorization": f"Bearer {TOKEN}", "Last-Event-ID": str(last)}
            with httpx.stream("GET", f"http://127.0.0.1:{api.port}/streams/{sid}", headers=headers, timeout=15) as r:
                if r.status_code == 204:
                    return seen
                event = {}
                for line in r.iter_lines():
                    if line:
                        name, _, value = line.partition(": ")
                        event[name] = value
                    elif event.get("id"):
                        last = int(event["id"])
                        seen.append((last, event["event"]))
                        event = {}
                    else:
                        event = {}
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    return seen


def one(i):
    try:
        pid = call("POST", "/projects", {"name": f"crash {i}"}, str(uuid.uuid4())).json()["id"]
        ask = {"brief": BRIEFS[i % len(BRIEFS)]}
        sid = call("POST", f"/projects/{pid}/constraints", ask, str(uuid.uuid4())).json()["decision_set_id"]
        sets.append((pid, sid))
        if i % 10 == 0:
            t = threading.Thread(target=lambda: streams.__setitem__(sid, stream(sid)))
            t.start()
            threads.append(t)
        key, until = str(uuid.uuid4()), time.monotonic() + 900
        while time.monotonic() < until:
            s = call("GET", f"/decision-sets/{sid}").json()["status"]
            if s == "waiting":
                call("POST", f"/decision-sets/{sid}/approve", {"status": "approved"}, key)
            elif s in ("complete", "infeasible", "cancelled"):
                return
            time.sleep(0.3)
        problems.append(f"{sid} is {s} after 15 minutes")
    except Exception as why:  # noqa: BLE001 - told with the rest
        problems.append(f"job {i}: {why}")


threads = []
for i in range(JOBS):
    threads.append(threading.Thread(target=one, args=(i,)))
gate = threading.Semaphore(24)  # clients at once


def gated(t):
    with gate:
        t.start()
        t.join()


runners = [threading.Thread(target=gated, args=(t,)) for t in list(threads)]
for r in runners:
    r.start()
kills = cuts = restarts = 0
while kills < KILLS or any(r.is_alive() for r in runners):
    time.sleep(dice.uniform(0.05, 0.6))
    if kills < KILLS:
        what = dice.random()
        if what < 0.04 or (kills == KILLS // 2 and restarts == 0):
            restarts += 1
            subprocess.run(RESTART, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        elif what < 0.12:
            cuts += 1
            proxy.set_cut(True)
            time.sleep(dice.uniform(0.1, 1.5))
            proxy.set_cut(False)
        else:
            kills += 1
            victim = dice.choice([*workers, *workers, api])
            victim.kill()
            victim.start()
    for d in (api, *workers):
        if d.process.poll() is not None:
            problems.append(f"{d.role} ended by itself with {d.process.returncode}") if d.process.returncode not in (75,) else None
            d.start()
for r in runners:
    r.join()
for t in threads:
    if t.ident:
        t.join()
print(f"{kills} kills, {cuts} cuts, {restarts} restarts of the database, {len(sets)} jobs", flush=True)


def sql(query):
    out = subprocess.run(["psql", "-qXAt", direct, "-c", query], check=True, capture_output=True, text=True).stdout
    return [line.split("|") for line in out.splitlines()]


check("nothing went wrong on the way", problems)
check("every job was taken", [] if len(sets) == JOBS else f"{len(sets)} of {JOBS}")
states = dict(sql("SELECT status, count(*) FROM decision_sets GROUP BY 1"))
check("every job ended once", [] if states == {"complete": str(JOBS)} else states)
time.sleep(LEASE_S + 1)
check("no job and no lease is left", sql("SELECT id, status, attempt, last_error FROM jobs"))
once = "'run_queued','constraints_extracted','coverage_scored','questions_selected','plan_proposed','cost_update','policy_update','gate_waiting','decision_received','approved','code_generated','diff_update','run_complete'"
check("no event is doubled", sql(f"SELECT decision_set_id, type, count(*) FROM events WHERE type IN ({once}) GROUP BY 1, 2 HAVING count(*) <> 1"))
check("no event is lost", sql(f"SELECT d.id, t.type FROM decision_sets d CROSS JOIN unnest(ARRAY[{once}]) t(type) LEFT JOIN events e ON e.decision_set_id = d.id AND e.type = t.type WHERE e.id IS NULL"))
check("run-complete is last", sql("SELECT e.decision_set_id, e.type FROM events e JOIN events c ON c.decision_set_id = e.decision_set_id AND c.type = 'run_complete' AND e.id > c.id"))
check("each node ran well once", sql("SELECT decision_set_id, node_name, count(*) FROM agent_runs WHERE ok = 1 GROUP BY 1, 2 HAVING count(*) <> 1"))
bad = []
for _, sid in sets:
    r = call("GET", f"/decision-sets/{sid}/zip")
    if hashlib.sha256(r.content).hexdigest() != r.headers["etag"].strip('"'):
        bad.append(f"{sid}: digest")
    elif zipfile.ZipFile(io.BytesIO(r.content)).testzip() is not None:
        bad.append(f"{sid}: zip")
for folder, _, names in os.walk(f"{BASE}/blobs"):
    for name in names:
        if ".tmp-" in name:  # of a writer that was killed: never under its final name
            continue
        with open(os.path.join(folder, name), "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        if not name.startswith(".") and digest != os.path.basename(folder) + name:
            bad.append(f"blob {name}")
check("artifacts are whole", bad)
digests = sql("SELECT input_sha256, count(DISTINCT content_digest) FROM decision_sets GROUP BY 1 HAVING count(DISTINCT content_digest) <> 1")
check("the same brief made the same repository", digests)
bad = []
for sid, seen in streams.items():
    log = [(e["id"], e["type"]) for e in call("GET", f"/decision-sets/{sid}/events?limit=500").json()["items"]]
    ids = [i for i, _ in seen]
    if len(ids) != len(set(ids)) or ids != sorted(ids) or not seen or seen[-1][1] != "run-complete":
        bad.append(f"{sid}: {seen}")
    elif not set(ids) <= {i for i, _ in log}:
        bad.append(f"{sid}: events that the log lacks")
check(f"{len(streams)} streams saw each event once", bad)
for d in (api, *workers):
    d.kill()
sys.exit(failed > 0)
