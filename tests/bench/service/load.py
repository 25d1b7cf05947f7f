"""GET one path over N keep-alive connections for some seconds: requests a second, p50 and
p99 in ms, and the server's CPU in ms a request. load.py URL PATH TOKEN PID CONNECTIONS SECONDS"""

import asyncio
import os
import sys
import time

url, path, token, pid, connections, seconds = sys.argv[1:7]
host, port = url.removeprefix("http://").split(":")
request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
times = []


def cpu():
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        parts = f.read().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


async def one(until):
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 24)
    while time.perf_counter() < until:
        t0 = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:100]
        length = next(int(h.split(b":")[1]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length"))
        await reader.readexactly(length)
        times.append(time.perf_counter() - t0)
    writer.close()


async def main():
    began, used = time.perf_counter(), cpu()
    await asyncio.gather(*[one(began + float(seconds)) for _ in range(int(connections))])
    took, used = time.perf_counter() - began, cpu() - used
    times.sort()
    n = len(times)
    print(f"{n / took:.0f} {times[n // 2] * 1e3:.2f} {times[n * 99 // 100] * 1e3:.2f} {used / n * 1e3:.3f}")


asyncio.run(main())
