#!/usr/bin/env python3
"""A provider on this machine: Anthropic Messages, OpenAI Responses and Chat Completions.

usage: server.py [--port-file FILE]

Speaks the three wire formats, whole and streamed, and every fault a client meets. Which
one is asked for by the path: /s/SCENARIO/v1/messages, /s/SCENARIO/v1/responses, ... A
scenario is words joined by "+": one fault, and how the model answers. The official
Python SDKs are run against the same server (sdks.py), so that it stays honest.

GET /count/SCENARIO tells how many calls came in, GET /log the last bodies, GET /evil how
often somebody followed a redirect.
"""

import argparse
import hashlib
import http.server
import json
import os
import pathlib
import socket
import socketserver
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import answers  # noqa: E402

REFUSES_SAMPLING = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1", "claude-opus-5", "claude-opus-4-7", "gpt-6")
REFUSES_FORCED_TOOL = ("claude-opus-5-5", "claude-fable-5-1")
ERRORS = {
    "e400": (400, "invalid_request_error", {}),
    "e401": (401, "authentication_error", {}),
    "e402": (402, "billing_error", {}),
    "e403": (403, "permission_error", {}),
    "e404": (404, "not_found_error", {}),
    "e409": (409, "conflict_error", {}),
    "e413": (413, "request_too_large", {}),
    "e429": (429, "rate_limit_error", {"retry-after": "1"}),
    "e429ms": (429, "rate_limit_error", {"retry-after-ms": "20"}),
    "e429long": (429, "rate_limit_error", {"retry-after": "3600"}),
    "e429cap": (429, "rate_limit_error", {}),
    "noretry": (500, "api_error", {"x-should-retry": "false"}),
    "e500": (500, "api_error", {}),
    "e503": (503, "api_error", {"retry-after-ms": "10"}),
    "e504": (504, "timeout_error", {}),
    "e529": (529, "overloaded_error", {"x-should-retry": "true"}),
}
OPENAI_CODES = {
    401: "invalid_api_key",
    429: "rate_limit_exceeded",
    503: "server_is_overloaded",
}
lock = threading.Lock()
counts: dict[str, int] = {}
log: list[dict] = []
modes: dict[str, str] = {}
peak = {"now": 0, "most": 0}


def strict_problems(schema, where="#"):
    """What OpenAI's strict mode refuses in a schema."""
    if not isinstance(schema, dict):
        return
    for word in ("allOf", "not", "if", "then", "else", "maxLength", "minimum", "pattern", "maxItems"):
        if word in schema:
            yield f"{where}: '{word}' is not permitted"
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield f"{where}: 'additionalProperties' is required to be false"
        if sorted(schema.get("required", [])) != sorted(schema.get("properties", {})):
            yield f"{where}: 'required' must hold every key of properties"
    for key, sub in schema.get("properties", {}).items():
        yield from strict_problems(sub, f"{where}/{key}")
    yield from strict_problems(schema.get("items"), f"{where}/items")
    for i, sub in enumerate(schema.get("anyOf", [])):
        yield from strict_problems(sub, f"{where}/anyOf/{i}")


def anthropic_problems(schema, where="#"):
    if not isinstance(schema, dict):
        return
    for word in ("minimum", "maximum", "maxLength", "minLength", "pattern", "maxItems"):
        if word in schema:
            yield f"{where}: For 'schema', property '{word}' is not supported"
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield f"{where}: 'additionalProperties' must be explicitly set to false"
    for key, sub in schema.get("properties", {}).items():
        yield from anthropic_problems(sub, f"{where}/{key}")
    yield from anthropic_problems(schema.get("items"), f"{where}/items")


class Call:
    """One call, whatever its dialect: what was asked, and how to answer."""

    def __init__(self, dialect, scenario, body, version):
        self.version = version
        self.dialect, self.words, self.body = dialect, scenario.split("+"), body
        self.model = body.get("model", "")
        self.stream = bool(body.get("stream"))

    def has(self, word):
        return word in self.words

    def turns(self):
        if self.dialect == "responses":
            items = self.body.get("input", [])
            return [{"role": "user", "content": items}] if isinstance(items, str) else items
        return [m for m in self.body.get("messages", []) if m.get("role") in ("user", "assistant")]

    def schema(self):
        if self.dialect == "anthropic":
            fmt = self.body.get("output_config", {}).get("format")
            tools = self.body.get("tools", [])
            return fmt["schema"] if fmt else tools[0]["input_schema"] if tools else None
        if self.dialect == "responses":
            return self.body.get("text", {}).get("format", {}).get("schema")
        return self.body.get("response_format", {}).get("json_schema", {}).get("schema")

    def problem(self):
        """What the real provider would answer 400 to."""
        b = self.body
        if self.dialect == "anthropic" and "max_tokens" not in b:
            return "max_tokens: Field required"
        if self.model.startswith(REFUSES_SAMPLING) or self.version == "2026-10-21":
            for p in ("temperature", "top_p", "top_k"):
                if p in b:
                    return f"`{p}` is deprecated for this model."
        if self.dialect == "anthropic":
            forced = b.get("tool_choice", {}).get("type") in ("any", "tool")
            if forced and self.model.startswith(REFUSES_FORCED_TOOL):
                return "tool_choice: forced tool use is not supported for this model"
            if self.model.startswith(REFUSES_SAMPLING) and b.get("thinking", {}).get("type") == "disabled":
                return "thinking: cannot be disabled for this model"
            if b.get("output_config", {}).get("format"):
                return next(anthropic_problems(self.schema()), None)
        elif self.schema() is not None:
            if self.dialect == "responses" and "seed" in b:
                return "Unknown parameter: 'seed'."
            return next(strict_problems(self.schema()), None)
        return None

    def answer(self):
        """The model's text."""
        turns = self.turns()
        repaired = len(turns) > 1
        if self.has("badjson"):
            return '{"values": [{"field": "cloud", '
        if self.has("wrongschema") or (self.has("repairable") and not repaired):
            return '{"nothing": "of the kind"}'
        if self.has("notobject"):
            return '"just a text"'
        text = json.dumps(answers.make(self), ensure_ascii=False)
        if self.has("fenced"):
            return "Here you are:\n```json\n" + text + "\n```\n"
        if self.has("huge"):
            return text + " " * (12 << 20)
        return text


def usage_of(call, text):
    return len(json.dumps(call.body)) // 4, max(1, len(text) // 4)


# ---- whole replies ----


def anthropic_reply(call):
    text = call.answer()
    used, made = usage_of(call, text)
    stop = "max_tokens" if call.has("cut") else "refusal" if call.has("refusal") else "end_turn"
    blocks = [{"type": "thinking", "thinking": "", "signature": "c2ln"}]
    if call.has("refusal"):
        text = ""
    if call.body.get("tools"):
        blocks.append({"type": "text", "text": "I will answer with the tool."})
        try:
            value = json.loads(text)
        except ValueError:
            value = {"nothing": text}
        blocks.append({"type": "tool_use", "id": "toolu_01", "name": call.body["tools"][0]["name"], "input": value})
        stop = "tool_use" if stop == "end_turn" else stop
    else:
        blocks.append({"type": "text", "text": text[: len(text) // 2] if call.has("cut") else text})
    reply = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": used, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 900, "output_tokens": made},
    }
    if call.has("refusal"):
        reply["stop_details"] = {"type": "refusal", "category": "cyber", "explanation": "no"}
    return reply


def responses_reply(call):
    text = call.answer()
    used, made = usage_of(call, text)
    part = {"type": "output_text", "text": text, "annotations": []}
    status, details = "completed", None
    if call.has("refusal"):
        part = {"type": "refusal", "refusal": "I cannot help with that."}
    if call.has("cut"):
        status, details, part["text"] = "incomplete", {"reason": "max_output_tokens"}, text[: len(text) // 2]
    return {
        "id": "resp_01",
        "object": "response",
        "created_at": 1795000000,
        "status": status,
        "error": None,
        "incomplete_details": details,
        "model": call.model,
        "output": [
            {"type": "reasoning", "id": "rs_01", "summary": []},
            {"type": "message", "id": "msg_01", "role": "assistant", "status": "completed", "content": [part]},
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": used + 900,
            "input_tokens_details": {"cached_tokens": 900, "cache_write_tokens": 0},
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": used + 900 + made,
        },
    }


def chat_reply(call):
    text = call.answer()
    used, made = usage_of(call, text)
    refusal = "I cannot help with that." if call.has("refusal") else None
    if call.has("cut"):
        text = text[: len(text) // 2]
    return {
        "id": "chatcmpl-01",
        "object": "chat.completion",
        "created": 1795000000,
        "model": call.model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": None if refusal else text, "refusal": refusal},
                "finish_reason": "length" if call.has("cut") else "stop",
            }
        ],
        "usage": {"prompt_tokens": used, "completion_tokens": made, "total_tokens": used + made},
    }


# ---- streams: lists of (event name or None, data) ----


def pieces(text, n=17):
    return [text[i : i + n] for i in range(0, len(text), n)] or [""]


def anthropic_stream(call):
    whole = anthropic_reply(call)
    start = dict(whole, content=[], stop_reason=None, usage=dict(whole["usage"], output_tokens=1))
    out = [("message_start", {"type": "message_start", "message": start}), ("ping", {"type": "ping"})]
    for i, block in enumerate(whole["content"]):
        begin = {"type": "text", "text": ""} if block["type"] == "text" else dict(block)
        if block["type"] == "tool_use":
            begin["input"] = {}
        out.append(("content_block_start", {"type": "content_block_start", "index": i, "content_block": begin}))
        if block["type"] == "text":
            deltas = [{"type": "text_delta", "text": p} for p in pieces(block["text"])]
        elif block["type"] == "tool_use":
            deltas = [{"type": "input_json_delta", "partial_json": p} for p in pieces(json.dumps(block["input"]))]
        else:
            deltas = [{"type": "signature_delta", "signature": "c2ln"}]
        out += [("content_block_delta", {"type": "content_block_delta", "index": i, "delta": d}) for d in deltas]
        out.append(("content_block_stop", {"type": "content_block_stop", "index": i}))
    if call.has("unknown"):
        out.insert(2, ("weather_report", {"type": "weather_report", "sun": True}))
    if call.has("midstream"):
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return out[:-2] + [("error", error)]
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    out.append(("message_delta", {"type": "message_delta", "delta": delta, "usage": {"output_tokens": whole["usage"]["output_tokens"]}}))
    out.append(("message_stop", {"type": "message_stop"}))
    return out


def responses_stream(call):
    whole = responses_reply(call)
    begun = dict(whole, status="in_progress", output=[], usage=None)
    part = whole["output"][1]["content"][0]
    message = {"type": "message", "id": "msg_01", "role": "assistant", "status": "in_progress", "content": []}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": message},
        {"type": "response.content_part.added", "item_id": "msg_01", "output_index": 0, "content_index": 0, "part": dict(part, **({"text": ""} if "text" in part else {}))},
    ]
    if call.has("unknown"):
        events.append({"type": "response.weather", "sun": True})
    for p in pieces(part.get("text", "")):
        events.append({"type": "response.output_text.delta", "item_id": "msg_01", "output_index": 0, "content_index": 0, "delta": p, "logprobs": []})
    if call.has("midstream"):
        events.append({"type": "error", "code": "server_error", "message": "The server had an error", "param": None})
    else:
        kind = "response.incomplete" if whole["status"] == "incomplete" else "response.completed"
        events.append({"type": kind, "response": whole})
    return [(e["type"], dict(e, sequence_number=i)) for i, e in enumerate(events)]


def chat_stream(call):
    whole = chat_reply(call)
    base = {"id": "chatcmpl-01", "object": "chat.completion.chunk", "created": 1795000000, "model": call.model}
    message, finish = whole["choices"][0]["message"], whole["choices"][0]["finish_reason"]

    def chunk(delta, why=None):
        return (None, dict(base, choices=[{"index": 0, "delta": delta, "finish_reason": why}]))

    out = [chunk({"role": "assistant", "content": ""})]
    if message["refusal"]:
        out.append(chunk({"refusal": message["refusal"]}))
    out += [chunk({"content": p}) for p in pieces(message["content"] or "")]
    if call.has("midstream"):
        return out[:-1] + [(None, {"error": {"message": "The server had an error", "type": "server_error", "param": None, "code": None}})]
    out.append(chunk({}, finish))
    if call.body.get("stream_options", {}).get("include_usage"):
        out.append((None, dict(base, choices=[], usage=whole["usage"])))
    out.append((None, "[DONE]"))
    return out


REPLIES = {
    "anthropic": (anthropic_reply, anthropic_stream),
    "responses": (responses_reply, responses_stream),
    "chat": (chat_reply, chat_stream),
}
PATHS = {"/v1/messages": "anthropic", "/v1/responses": "responses", "/v1/chat/completions": "chat"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "fake-provider", ""

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, status, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path.startswith("/count/"):
            self.send(200, {"calls": counts.get(self.path[7:], 0)})
        elif self.path == "/log":
            self.send(200, log)
        elif self.path == "/peak":
            self.send(200, peak)
        else:
            with lock:
                counts["evil"] = counts.get("evil", 0) + 1
            self.send(200, {"evil": counts["evil"]})

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        raw = self.rfile.read(length)
        scenario, path = "ok", self.path
        if path.startswith("/mode/"):  # from now on this name means these words
            name, _, words = path[6:].partition("/")
            modes[name] = words
            return self.send(200, {})
        if path == "/peak/0":
            peak["most"] = peak["now"]
            return self.send(200, {})
        if path.startswith("/s/"):
            scenario, _, rest = path[3:].partition("/")
            path = "/" + rest
        path = path.partition("?")[0]
        with lock:
            if not path.endswith("_tokens"):
                counts[scenario] = counts.get(scenario, 0) + 1
            nth = counts.get(scenario, 0)
            peak["now"] += 1
            peak["most"] = max(peak["most"], peak["now"])
        try:
            self.handle_call(modes.get(scenario, scenario), path, raw, nth)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with lock:
                peak["now"] -= 1

    def key(self, dialect):
        if dialect == "anthropic" and "x-api-key" in self.headers:
            return self.headers["x-api-key"]
        value = self.headers.get("authorization", "")
        return value[7:] if value.startswith("Bearer ") else None

    def error(self, dialect, status, kind, message, headers, code=None):
        headers = dict(headers, **{"request-id" if dialect == "anthropic" else "x-request-id": "req_07"})
        if dialect == "anthropic":
            return self.send(status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_07"}, headers)
        code = code or OPENAI_CODES.get(status)
        return self.send(status, {"error": {"message": message, "type": kind, "param": None, "code": code}}, headers)

    def handle_call(self, scenario, path, raw, nth):
        words = scenario.split("+")
        if path.endswith(("/count_tokens", "/input_tokens")):
            if "nocount" in words:
                return self.send(404, {"error": {"message": "no such path", "type": "not_found_error"}})
            return self.send(200, {"input_tokens": len(raw) // 4, "object": "response.input_tokens"})
        dialect = PATHS.get(path)
        if dialect is None:
            return self.send(404, {"error": {"message": f"no such path {path}", "type": "not_found_error"}})
        try:
            body = json.loads(raw)
        except ValueError:
            return self.error(dialect, 400, "invalid_request_error", "not JSON", {})
        version = self.headers.get("anthropic-version")
        call = Call(dialect, scenario, body, version)
        with lock:
            log.append({"scenario": scenario, "path": path, "body": body, "key": hashlib.sha256((self.key(dialect) or "").encode()).hexdigest(), "headers": {k.lower(): v for k, v in self.headers.items() if k.lower() not in ("x-api-key", "authorization")}})
            del log[:-400]
        key = self.key(dialect)
        if dialect == "anthropic" and version not in ("2023-06-01", "2026-10-21"):
            return self.error(dialect, 400, "invalid_request_error", "anthropic-version: header is required", {})
        if not key and "nokey" not in words:
            return self.error(dialect, 401, "authentication_error", "x-api-key header is required", {})
        problem = call.problem()
        if problem:
            return self.error(dialect, 400, "invalid_request_error", problem, {})
        return self.misbehave(call, words, nth, key) or self.reply(call, words)

    def misbehave(self, call, words, nth, key):
        """True when a fault was the answer."""
        for word in words:
            if word in ERRORS:
                status, kind, headers = ERRORS[word]
                message = f"Incorrect API key provided: {key}" if word == "e401" else f"told to answer {status}"
                self.error(call.dialect, status, kind, message, headers)
                return True
            if word.startswith("flaky") and nth <= int(word[5:].partition("-")[0]):
                self.error(call.dialect, 529, "overloaded_error", "Overloaded", {"retry-after-ms": "5"})
                return True
            if word == "hold":  # until somebody posts /mode/release/now
                for _ in range(1500):
                    if modes.get("release"):
                        break
                    time.sleep(0.02)
            if word.startswith("slow"):
                time.sleep(int(word[4:]) / 1000)
            if word.startswith("until"):  # fails until the moment is past
                if time.time() < float(word[5:].replace("_", ".")):
                    self.error(call.dialect, 500, "api_error", "not yet", {})
                    return True
        if "quota" in words:
            self.error(call.dialect, 429, "insufficient_quota", "You exceeded your current quota", {}, "insufficient_quota")
        elif "stringerror" in words:
            self.send(500, {"error": "model runner has unexpectedly stopped"})
        elif "htmlerror" in words:
            self.send(502, b"<html>Bad gateway</html>")
        elif "hang" in words:
            time.sleep(6)
            self.close_connection = True
        elif "disconnect" in words:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif "redirect" in words:
            self.send(302, b"", {"location": "/evil"})
        elif "truncated" in words:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", "5000")
            self.end_headers()
            self.wfile.write(b'{"id":"msg_01","type":"message","content":[')
            self.close_connection = True
        elif "invalid" in words:
            self.send(200, b'{"id": "x", "content": [}')
        elif "empty" in words:
            self.send(200, b"")
        elif "array" in words:
            self.send(200, b"[1, 2]")
        else:
            return False
        return True

    def reply(self, call, words):
        headers = {
            "request-id" if call.dialect == "anthropic" else "x-request-id": "req_07",
            **(
                {"anthropic-ratelimit-requests-remaining": "49", "anthropic-ratelimit-requests-reset": "2026-11-27T00:00:01Z"}
                if call.dialect == "anthropic"
                else {"x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s"}
            ),
        }
        whole, stream = REPLIES[call.dialect]
        if call.stream:
            return self.reply_stream(call, stream(call), headers, words)
        data = json.dumps(whole(call), ensure_ascii=False).encode()
        if "drip" not in words:
            return self.send(200, data, headers)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        for i in range(0, len(data), max(1, len(data) // 12)):
            self.wfile.write(data[i : i + max(1, len(data) // 12)])
            self.wfile.flush()
            time.sleep(0.12)

    def reply_stream(self, call, events, headers, words):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if "midcut" in words:
            events = events[: len(events) // 2]
        for name, data in events:
            text = (f"event: {name}\n" if name else "") + "data: " + (data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)) + "\n\n"
            raw = text.encode()
            # cut where it hurts: inside lines and inside UTF-8 sequences
            cuts = [raw[i : i + 7] for i in range(0, len(raw), 7)] if "split" in words else [raw]
            for piece in cuts:
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
            if "pause" in words:
                time.sleep(0.15)
        if "midcut" in words:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, OSError)):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    args = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    tmp = args.port_file + ".tmp"
    pathlib.Path(tmp).write_text(str(server.server_address[1]))
    os.rename(tmp, args.port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
