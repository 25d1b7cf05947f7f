"""Clients that mean no good, and many that do nothing: memory stays bounded and others
are served.

    hostile.py URL TOKEN PID IDLE

The daemon's request timeout is 3 s. Prints "ok NAME" or "not ok NAME: why".
"""

import os
import random
import resource
import socket
import sys
import time

import httpx

URL, TOKEN, PID, IDLE = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
HOST, PORT = URL.removeprefix("http://").split(":")
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
dice = random.Random(3)
failed = 0


def check(name, bad):
    global failed
    failed += bool(bad)
    print(f"not ok {name}: {bad}" if bad else f"ok {name}", flush=True)


def connect():
    return socket.create_connection((HOST, int(PORT)), timeout=10)


def rss_mib():
    with open(f"/proc/{PID}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))


def served():
    """What an honest client sees: '' or what went wrong."""
    try:
        for path, status in (("/healthz", 200), ("/projects", 200)):
            r = httpx.get(URL + path, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
            if r.status_code != status:
                return f"{path}: {r.status_code}"
    except httpx.HTTPError as why:
        return repr(why)
    return ""


def is_closed(s):
    try:
        while True:
            if s.recv(65536, socket.MSG_DONTWAIT) == b"":
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


before = rss_mib()
idle = [connect() for _ in range(IDLE)]
check(f"served beside {IDLE} idle connections", served())
grown = rss_mib() - before
print(f"{IDLE} idle connections: {grown:.0f} MiB more, {grown * 1024 / IDLE:.1f} KiB each", flush=True)
check("an idle connection costs less than 32 KiB", f"{grown} MiB" if grown * 1024 > 32 * IDLE + 20480 else "")

lorises = [connect() for _ in range(200)]
for s in lorises:
    s.sendall(b"GET /projects HTTP/1.1\r\nHost: x\r\n")
bodies = [connect() for _ in range(50)]
for s in bodies:
    s.sendall(b"POST /projects HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n")
until, open_left = time.monotonic() + 30, lorises + bodies
while open_left and time.monotonic() < until:
    for s in open_left:
        try:
            s.sendall(b"X-A: b\r\n" if s in lorises else b" ")
        except OSError:
            pass
    time.sleep(0.5)
    open_left = [s for s in open_left if not is_closed(s)]
check("who sends a byte now and then is cut off", f"{len(open_left)} are still there" if open_left else "")
check("served meanwhile", served())

for i in range(400):
    s = connect()
    kind = i % 5
    if kind == 0:
        s.sendall(bytes(dice.randrange(256) for _ in range(dice.randrange(1, 3000))))
    elif kind == 1:
        s.sendall(b"GET /" + b"a" * dice.randrange(1, 60000) + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    elif kind == 2:
        s.sendall(b"POST /projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % dice.randrange(1 << 62))
    elif kind == 3:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * dice.randrange(1, 200))
    else:
        s.sendall(b"GET /projects HTTP/1.1\r\n" + b"".join(b"h%d: v\r\n" % k for k in range(dice.randrange(1, 2000))))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # an abrupt close
    s.close()
check("served after what is no HTTP", served())
for s in idle:
    s.close()
time.sleep(1)
check("served when they have gone", served())
os.kill(PID, 0)
check("memory came back into bounds", f"{rss_mib()} MiB" if rss_mib() > before + 64 + IDLE * 32 / 1024 else "")
sys.exit(failed > 0)
