#!/usr/bin/env python3
"""A mail server that keeps what it gets: smtp-sink.py PORT_FILE MAIL_FILE.

Recipients that start with "no-" are refused with 550.
"""

import pathlib
import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            if verb == "RCPT" and "<no-" in line:
                self.say("550 nobody of that name")
            elif verb == "DATA":
                self.say("354 go on")
                mail = b""
                while (data := self.rfile.readline()) != b".\r\n":
                    mail += data.removeprefix(b".")
                with pathlib.Path(sys.argv[2]).open("ab") as out:
                    out.write(mail)
                self.say("250 kept")
            else:
                self.say("250 fine")


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
    server.daemon_threads = True
    pathlib.Path(sys.argv[1]).write_text(f"{server.server_address[1]}\n")
    server.serve_forever()
