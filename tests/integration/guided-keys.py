"""guided-keys.py INTAKE DIR: drives mlops-intake --guided by keys on a pseudo-terminal.
Prints "ok NAME" or "FAILED NAME" for each thing that it looks at; run by guided.sh."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

INTAKE, DIR = sys.argv[1], sys.argv[2]
UP, DOWN, LEFT, ENTER, TAB, STOP, ERASE = b"\x1b[A", b"\x1b[B", b"\x1b[D", b"\r", b"\t", b"\x04", b"\x7f"
MARK = "\n > "


def check(name, holds, detail=""):
    print(("ok " if holds else "FAILED ") + name + (f": {detail!r}" if detail and not holds else ""), flush=True)


class Terminal:
    """A program with a controlling terminal of its own; stdout goes to a file."""

    def __init__(self, name, *args, term="xterm", columns=0):
        self.out = os.path.join(DIR, name + ".json")
        self.seen, self.mark, self.status = "", 0, None
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.resize(columns)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            os.close(self.master)
            os.close(os.open(os.ttyname(self.slave), os.O_RDWR))  # makes it the controlling one
            sink = os.open(self.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(sink, 1)
            os.environ["TERM"] = term
            os.execv(INTAKE, [INTAKE, "--guided", "--compact", *args])

    def resize(self, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def widest(self):
        """Columns of the widest line that was drawn."""
        return max(len(x) for x in re.sub(r"\x1b\[\d*[A-Z]", "\n", self.seen.replace("\r", "\n")).split("\n"))

    def wait_for(self, text):
        """Reads until the text comes in what was not looked at yet."""
        end = time.time() + 60
        while time.time() < end:
            at = self.seen.find(text, self.mark)
            if at >= 0:
                self.mark = at + len(text)
                return True
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace").replace("\r", "")
                except OSError:
                    break
        return False

    def send(self, *keys):
        for k in keys:
            os.write(self.master, k)

    def end(self):
        """The exit status (negative: a signal), or None when it does not end."""
        limit = time.time() + 60
        while time.time() < limit:
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                break
        return self.status

    def restored(self):
        return termios.tcgetattr(self.slave)[:4] == self.before[:4]

    def state(self):
        with open(self.out, encoding="utf-8") as f:
            return json.load(f)


def answers(state):
    return {a["field"]: a.get("text") for a in state.get("answers", [])}


def interruptions(brief):
    """Replies outlast what ends the program: as options to repeat it with, or in a file."""
    t = Terminal("lost", "--brief", brief)
    t.wait_for("^D stop")
    t.send(b"2", ENTER)
    t.wait_for("Coverage [")
    t.wait_for("^D stop")
    t.send(b"it's 99.9 percent", ENTER)
    t.wait_for("Coverage [")
    t.wait_for("^D stop")
    t.send(b"\x03")
    ended = t.end() == -signal.SIGINT
    told = t.seen.replace("\r", "").partition("repeat it with ")[2].partition("\n")[0]
    check("^C says how to give the replies again", ended and told.startswith("--set 'cloud=gcp' --set '"), t.seen[-300:])
    p = subprocess.run(f"exec '{INTAKE}' --compact --brief '{brief}' {told}", shell=True, capture_output=True,
                       stdin=subprocess.DEVNULL, timeout=60, check=False)
    c = json.loads(p.stdout)["constraints"] if p.returncode == 0 else {}
    check("and a shell takes it", c.get("cloud") == "gcp" and len(told.split(" --set ")) == 2, p.stderr)

    kept = os.path.join(DIR, "kept.json")
    for how, keys, sig in (("SIGINT", b"\x03", None), ("SIGTERM", b"", signal.SIGTERM), ("SIGHUP", b"", signal.SIGHUP),
                           ("SIGKILL", b"", signal.SIGKILL)):
        if os.path.exists(kept):
            os.remove(kept)
        t = Terminal("kept-" + how, "--brief", brief, "--answers", kept)
        t.wait_for("^D stop")
        t.send(b"3", ENTER)
        t.wait_for("Coverage [")
        t.wait_for("^D stop")
        t.send(keys) if sig is None else os.kill(t.pid, sig)
        t.end()
        with open(kept, encoding="utf-8") as f:
            held = json.load(f)
        check(f"{how}: the reply is in the file", [(a["field"], a["text"]) for a in held] == [("cloud", "azure")], held)
    t = Terminal("closed", "--brief", brief, "--answers", kept)
    t.wait_for("^D stop")
    check("the file is gone on with", "Which cloud" not in t.seen)
    t.send(b"skip no restriction"[5:], ENTER)
    t.wait_for("Coverage [")
    t.wait_for("^D stop")
    os.close(t.slave)
    os.close(t.master)
    end = time.time() + 60
    while time.time() < end and os.waitpid(t.pid, os.WNOHANG)[0] == 0:
        time.sleep(0.05)
    check("a closed terminal ends it", time.time() < end)
    with open(kept, encoding="utf-8") as f:
        held = json.load(f)
    check("and the replies are in the file", len(held) == 2 and held[0]["text"] == "azure", held)

    open_field = held[1]["field"] if len(held) > 1 else ""
    t = Terminal("again-closed", "--brief", brief, "--answers", kept)
    t.wait_for("^D stop")
    t.send(b"\x1b[D")
    t.wait_for("first question")
    t.wait_for("^D stop")
    t.send(STOP)
    check("what was left open on purpose is not asked again",
          t.end() == 0 and all(a["field"] != open_field for a in t.state()["answers"][2:]) and
          [a["field"] for a in t.state()["answers"]] == ["cloud", open_field], t.state().get("answers"))

    # the file may be a document with more in it, a link, or no file at all
    with open(os.path.join(DIR, "doc.json"), "w", encoding="utf-8") as f:
        json.dump({"note": "mine", "answers": [{"field": "cloud", "value": "aws"}]}, f)
    os.symlink("doc.json", os.path.join(DIR, "link.json"))
    t = Terminal("document", "--brief", brief, "--answers", os.path.join(DIR, "link.json"))
    t.wait_for("^D stop")
    t.send(ENTER)
    t.wait_for("Coverage [")
    t.wait_for("^D stop")
    t.send(b"\x03")
    t.end()
    with open(os.path.join(DIR, "doc.json"), encoding="utf-8") as f:
        doc = json.load(f)
    check("a document keeps what else it holds", doc.get("note") == "mine" and len(doc["answers"]) == 2 and
          os.path.islink(os.path.join(DIR, "link.json")), doc)

    t = Terminal("no-directory", "--brief", brief, "--answers", os.path.join(DIR, "no", "where.json"))
    t.wait_for("^D stop")
    t.send(ENTER)
    check("a file that cannot be made is a failure", t.end() == 73 and t.restored() and os.path.getsize(t.out) == 0,
          t.status)


def narrow(brief):
    """Lines end between words; what is typed stays on its line; a resize is followed."""
    for term, end in (("xterm", "^D stop"), ("dumb", "] > ")):
        t = Terminal("narrow-" + term, "--brief", brief, "--set", "cloud=aws", term=term, columns=40)
        check(f"40 columns, {term}: all of it is shown", t.wait_for("What may it cost") and t.wait_for(end))
        t.send(b"?" + (b"" if term == "xterm" else b"\n"))
        t.wait_for("An amount or")
        t.wait_for(end)
        t.send(b"words that go on and on beyond the edge of the terminal")
        if term == "xterm":
            t.wait_for("of the terminal")
            check("what is typed stays on its line", t.widest() <= 39, t.widest())
        t.send(b"\r" if term == "xterm" else b"\n")
        check(f"40 columns, {term}: refused words", t.wait_for("Please say") and t.wait_for(end))
        if term == "xterm":
            check("no line is wider", t.widest() <= 39, t.widest())
            t.resize(100)
            t.send(DOWN)
            check("a resize is followed", t.wait_for("or type. ? help, left back, Tab skip, ^D stop"))
        t.send(STOP if term == "xterm" else b"q\n")
        check(f"40 columns, {term}: it ends", t.end() == 0, t.status)


def main():
    brief = os.path.join(DIR, "brief.md")

    t = Terminal("keys", "--brief", brief)
    check("the meter shows what is known", t.wait_for("Coverage [#"))
    check("the first question is about the cloud", t.wait_for("Which cloud") and t.wait_for(MARK + "1) aws"))
    t.send(DOWN)
    check("down moves the mark", t.wait_for(MARK + "2) gcp"))
    t.send(UP)
    check("up moves it back", t.wait_for(MARK + "1) aws"))
    t.send(UP)
    check("up from the first goes to the last", t.wait_for(MARK + "3) azure"))
    t.send(b"?")
    check("? explains the question", t.wait_for("Say the provider of the account"))
    t.wait_for(MARK + "1) aws")
    t.send(DOWN, ENTER)
    check("Enter takes the choice", t.wait_for("Which cloud is it to run on? gcp"))
    t.wait_for("^D stop")
    t.send(LEFT)
    check("left goes back", t.wait_for("Which cloud is it to run on?") and t.wait_for(MARK + "1) aws"))
    t.send(ENTER)
    check("Enter takes the recommended answer", t.wait_for("Which cloud is it to run on? aws"))
    check("the next question follows", t.wait_for("^D stop"))
    t.send(b"xyz", ERASE, ERASE, ERASE, TAB)
    check("Tab passes a question over", t.wait_for("Coverage ["))
    t.wait_for("^D stop")
    t.send(STOP)
    check("^D ends the questions", t.end() == 0, t.status)
    check("the terminal is as it was", t.restored())
    state = t.state()
    check("one answer stands", answers(state) == {"cloud": "aws"} and state["constraints"]["cloud"] == "aws",
          answers(state))

    t = Terminal("typed", "--brief", brief)
    t.wait_for("Which cloud")
    t.wait_for("^D stop")
    t.send(b"3", ENTER)
    check("a number takes the choice", t.wait_for("Which cloud is it to run on? azure"))
    t.wait_for("^D stop")
    t.send(STOP)
    check("stopping keeps what was said", t.end() == 0 and answers(t.state()) == {"cloud": "azure"})

    # going on with the state of before: the cloud is not asked again
    with open(os.path.join(DIR, "keys.json"), "rb") as f:
        state = f.read()
    first = os.path.join(DIR, "first.json")
    with open(first, "wb") as f:
        f.write(state)
    go_on = Terminal("again", "--brief", brief, "--answers", first)
    go_on.wait_for("^D stop")
    check("going on does not ask again", "Which cloud" not in go_on.seen)
    go_on.send(b"qqq nonsense", ENTER)
    check("what cannot be read is asked again", go_on.wait_for("Please say"), go_on.seen[-400:])
    go_on.wait_for("^D stop")
    go_on.send(STOP)
    check("answers of before stand", go_on.end() == 0 and answers(go_on.state()).get("cloud") == "aws")

    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGABRT):
        t = Terminal(sig.name, "--brief", brief)
        t.wait_for("^D stop")
        check(f"{sig.name}: the terminal is raw while a question is open", not t.restored())
        os.kill(t.pid, sig)
        check(f"{sig.name} ends it", t.end() == -sig, t.status)
        check(f"{sig.name}: the terminal comes back", t.restored())
        check(f"{sig.name}: nothing half-written", os.path.getsize(t.out) == 0)

    t = Terminal("ctrl-c", "--brief", brief)
    t.wait_for("^D stop")
    t.send(b"\x03")
    check("^C interrupts", t.end() == -signal.SIGINT and t.restored(), t.status)
    check("^C before any reply has nothing to say", "--set" not in t.seen, t.seen[-300:])

    interruptions(brief)

    t = Terminal("secret", "--brief", brief)
    t.wait_for("^D stop")
    t.send(b"aws with AKIA" + b"QWERTYUIOPASDF12", ENTER)
    t.wait_for("Coverage [")
    t.wait_for("^D stop")
    t.send(STOP)
    t.end()
    with open(t.out, encoding="utf-8") as f:
        told = f.read()
    check("a secret that is typed is kept nowhere", "QWERTYUIOPASDF12" not in told and "redacted" in told, told[:2000])

    t = Terminal("dumb", "--brief", brief, term="dumb")
    t.wait_for("q stop asking] > ")
    t.send(b"2\n")
    t.wait_for("q stop asking] > ")
    t.send(b"q\n")
    check("a dumb terminal is asked by lines", t.end() == 0 and answers(t.state()) == {"cloud": "gcp"})

    narrow(brief)

    # without a terminal nothing is asked and nothing hangs; the questions are the same
    p = subprocess.run([INTAKE, "--guided", "--compact", "--brief", brief], capture_output=True, timeout=60,
                       stdin=subprocess.DEVNULL, start_new_session=True, check=False)
    q = json.loads(p.stdout)["questions"]
    check("without a terminal it goes on", p.returncode == 0 and b"no terminal" in p.stderr)
    check("the same questions as JSON", q and q[0]["field"] == "cloud" and q[0]["choices"] == ["aws", "gcp", "azure"])


main()
