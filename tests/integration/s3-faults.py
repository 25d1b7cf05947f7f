#!/usr/bin/env python3
"""A proxy before an S3 server that fails as S3 does, and a container's credentials.

usage: s3-faults.py UPSTREAM_PORT PORT_FILE KEY SECRET

Listens on a free port of 127.0.0.1, which it writes to PORT_FILE. POST /_plan takes a
JSON list of what the next requests get: "503", "409", "500", "drop" (the connection is
closed), "expired" (400 ExpiredToken), "pass". An empty plan passes everything through
unchanged, with the Host header as it came, so that signatures still hold.
GET /_credentials answers as the ECS endpoint does; each call gives another session
token and counts. GET /_count says how many requests and credentials were asked for.
"""

import datetime
import http.client
import http.server
import json
import pathlib
import sys

CODES = {"503": (503, "SlowDown"), "409": (409, "ConditionalRequestConflict"),
         "500": (500, "InternalError"), "expired": (400, "ExpiredToken")}


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    plan: list[str] = []
    count = {"requests": 0, "credentials": 0}
    lasts = 3600

    def answer(self, status: int, body: bytes, headers: list[tuple[str, str]] | None = None) -> None:
        self.send_response(status)
        for name, value in headers or []:
            self.send_header(name, value)
        if not any(n.lower() == "content-length" for n, _ in headers or []):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def own(self, body: bytes) -> bool:
        if self.path == "/_plan":
            plan = json.loads(body)
            Proxy.plan = plan["steps"]
            Proxy.lasts = plan.get("lasts", 3600)
            Proxy.count = {"requests": 0, "credentials": 0}
            self.answer(200, b"")
        elif self.path == "/_credentials":
            Proxy.count["credentials"] += 1
            until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=Proxy.lasts)
            doc = {"AccessKeyId": sys.argv[3], "SecretAccessKey": sys.argv[4],
                   "Expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
            self.answer(200, json.dumps(doc).encode())
        elif self.path == "/_count":
            self.answer(200, json.dumps(Proxy.count).encode())
        else:
            return False
        return True

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.own(body):
            return
        Proxy.count["requests"] += 1
        step = Proxy.plan.pop(0) if Proxy.plan else "pass"
        if step == "drop":
            self.close_connection = True
        elif step in CODES:
            status, code = CODES[step]
            self.answer(status, f"<Error><Code>{code}</Code></Error>".encode())
        else:
            up = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
            up.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                up.putheader(name, value)
            up.endheaders(body)
            r = up.getresponse()
            skip = {"connection", "transfer-encoding", "date", "server"}
            self.answer(r.status, r.read(), [h for h in r.getheaders() if h[0].lower() not in skip])

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def log_message(self, *args: object) -> None:
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
pathlib.Path(sys.argv[2]).write_text(f"{server.server_port}\n")
server.serve_forever()
