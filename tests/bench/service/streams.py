"""Many streams on one process: memory, and how long an event takes to reach all of them.

    streams.py URL TOKEN PID STREAMS DB_URL

Opens STREAMS connections to the streams of ten decision sets that wait at the gate, then
approves none but writes events by cancelling them one after the other; each stream gets
run-complete. The delivery time is counted from the answer to the cancel.
"""

import asyncio
import json
import resource
import sys
import time
import urllib.request

url, token, pid, streams = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
host, port = url.removeprefix("http://").split(":")
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
brief = open("examples/rag-startup.md", encoding="utf-8").read()


def call(method, path, body=None):
    r = urllib.request.Request(url + path, method=method, data=None if body is None else json.dumps(body).encode(),
                               headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(r, timeout=60) as f:
        return json.load(f)


def rss():
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))


def waiting():
    p = call("POST", "/projects", {"name": "s"})["id"]
    s = call("POST", f"/projects/{p}/constraints", {"brief": brief})["decision_set_id"]
    while call("GET", f"/decision-sets/{s}")["status"] != "waiting":
        time.sleep(0.1)
    last = max(e["id"] for e in call("GET", f"/decision-sets/{s}/events?limit=500")["items"])
    return s, last


arrivals = []


async def one(sid, after, opened):
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /streams/{sid} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nLast-Event-ID: {after}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head[:60]
    opened.release()
    while True:
        line = await reader.readline()
        if not line or b"run-complete" in line:
            break
    arrivals.append(time.perf_counter())
    writer.close()


async def main():
    sets = [waiting() for _ in range(10)]
    before, opened = rss(), asyncio.Semaphore(0)
    t0 = time.perf_counter()
    tasks = []
    for i in range(streams):
        tasks.append(asyncio.create_task(one(*sets[i % 10], opened)))
        if i % 200 == 199:
            await asyncio.sleep(0)
    for _ in range(streams):
        await opened.acquire()
    took = time.perf_counter() - t0
    await asyncio.sleep(3)
    print(f"{streams} streams opened in {took:.1f} s; resident {rss():.0f} MiB ({before:.0f} before),"
          f" {(rss() - before) * 1024 / streams:.1f} KiB a stream", flush=True)
    loop = asyncio.get_running_loop()
    delays = []
    for sid, _ in sets:
        arrivals.clear()
        began = time.perf_counter()
        await loop.run_in_executor(None, call, "POST", f"/decision-sets/{sid}/cancel", {})
        while len(arrivals) < streams // 10:
            await asyncio.sleep(0.001)
        delays += [a - began for a in arrivals]
    delays.sort()
    n = len(delays)
    print(f"fan-out to {streams // 10} streams at a time, from the request that causes it: p50 {delays[n // 2] * 1e3:.0f} ms,"
          f" p99 {delays[n * 99 // 100] * 1e3:.0f} ms", flush=True)
    await asyncio.gather(*tasks)


asyncio.run(main())
