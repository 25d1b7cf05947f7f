"""Plan round trips: constraints in, gate waiting out, N projects at once, over the API.

    plans.py URL TOKEN PROJECTS ROUNDS
"""

import json
import sys
import threading
import time
import urllib.request

url, token, projects, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
brief = open("examples/rag-startup.md", encoding="utf-8").read()
times = []


def open_(method, path, body=None):
    r = urllib.request.Request(url + path, method=method, data=None if body is None else json.dumps(body).encode(),
                               headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    return urllib.request.urlopen(r, timeout=120)


def one():
    with open_("POST", "/projects", {"name": "p"}) as f:
        p = json.load(f)["id"]
    for _ in range(rounds):
        began = time.perf_counter()
        with open_("POST", f"/projects/{p}/constraints", {"brief": brief}) as f:
            s = json.load(f)["decision_set_id"]
        with open_("GET", f"/streams/{s}") as f:
            for line in f:
                if line.startswith(b"event: gate-waiting"):
                    break
        times.append(time.perf_counter() - began)


threads = [threading.Thread(target=one) for _ in range(projects)]
for t in threads:
    t.start()
for t in threads:
    t.join()
times.sort()
n = len(times)
print(f"p50 {times[n // 2] * 1e3:.0f} ms, p95 {times[n * 95 // 100] * 1e3:.0f} ms ({n} plans)")
