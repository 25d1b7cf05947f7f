"""The official SDKs against the local server: what they accept, it says rightly."""

import json
import sys

import anthropic
import openai
from pydantic import BaseModel

base = sys.argv[1]
KEY = "sk-not-a-key-000000000000"
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False}


class Answer(BaseModel):
    name: str


def check(name, condition, detail=""):
    print("ok" if condition else "FAILED", name, "" if condition else detail)


def a(scenario, **kw):
    return anthropic.Anthropic(api_key=KEY, base_url=f"{base}/{scenario}", max_retries=kw.pop("max_retries", 0), **kw)


def o(scenario, **kw):
    return openai.OpenAI(api_key=KEY, base_url=f"{base}/{scenario}/v1", max_retries=kw.pop("max_retries", 0), **kw)


ASK = {"model": "claude-sonnet-5-5", "max_tokens": 200, "messages": [{"role": "user", "content": "hello"}]}
FORMAT = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}

m = a("ok").messages.create(**ASK, **FORMAT)
text = next(b.text for b in m.content if b.type == "text")
check("anthropic: structured output", json.loads(text)["name"] and m.usage.cache_read_input_tokens == 900, text)
m = a("ok").messages.create(**dict(ASK, model="claude-opus-5"), tools=[{"name": "answer", "input_schema": SCHEMA}], tool_choice={"type": "tool", "name": "answer"})
tool = next(b for b in m.content if b.type == "tool_use")
check("anthropic: tool use", tool.name == "answer" and m.stop_reason == "tool_use")
with a("ok+unknown").messages.stream(**ASK) as s:
    parts = list(s.text_stream)
    final = s.get_final_message()
check("anthropic: stream", "".join(parts) == next(b.text for b in final.content if b.type == "text") and final.stop_reason == "end_turn")
check("anthropic: count", a("ok").messages.count_tokens(model=ASK["model"], messages=ASK["messages"]).input_tokens > 0)
m = a("refusal").messages.create(**ASK)
check("anthropic: refusal", m.stop_reason == "refusal" and m.stop_details.category == "cyber")
check("anthropic: cut", a("cut").messages.create(**ASK).stop_reason == "max_tokens")
for scenario, kind in (
    ("e400", anthropic.BadRequestError), ("e401", anthropic.AuthenticationError), ("e403", anthropic.PermissionDeniedError),
    ("e404", anthropic.NotFoundError), ("e409", anthropic.ConflictError), ("e413", anthropic.APIStatusError),
    ("e429", anthropic.RateLimitError), ("e500", anthropic.InternalServerError), ("e504", anthropic.APIStatusError),
    ("e529", anthropic.APIStatusError), ("e402", anthropic.APIStatusError), ("disconnect", anthropic.APIConnectionError),
):
    try:
        a(scenario).messages.create(**ASK)
        check(f"anthropic: {scenario}", False, "no error")
    except kind as e:
        told = getattr(e, "status_code", None)
        check(f"anthropic: {scenario}", told is None or f"e{told}" == scenario, str(e))
try:
    list(a("midstream").messages.create(**ASK, stream=True))
    check("anthropic: error in a stream", False, "no error")
except anthropic.APIStatusError as e:
    check("anthropic: error in a stream", "overloaded" in str(e).lower(), str(e))
try:
    a("ok").messages.create(**ASK, extra_body={"temperature": 0.5})
    check("anthropic: sampling is refused", False, "no error")
except anthropic.BadRequestError as e:
    check("anthropic: sampling is refused", "temperature" in str(e))
m = a("flaky2-sdk", max_retries=2).messages.create(**ASK)
check("anthropic: retries to an answer", m.stop_reason == "end_turn")

r = o("ok").responses.create(model="gpt-6.1-sol", input="hello", text={"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}})
check("openai responses: structured output", json.loads(r.output_text)["name"] and r.usage.input_tokens_details.cached_tokens == 900)
r = o("ok").responses.parse(model="gpt-6.1-sol", input="hello", text_format=Answer)
check("openai responses: parsed by pydantic", isinstance(r.output_parsed, Answer))
events = list(o("ok+unknown").responses.create(model="gpt-6.1-sol", input="hello", stream=True))
deltas = "".join(e.delta for e in events if e.type == "response.output_text.delta")
check("openai responses: stream", events[-1].type == "response.completed" and deltas == events[-1].response.output_text)
check("openai responses: refusal", o("refusal").responses.create(model="gpt-6.1-sol", input="x").output[1].content[0].type == "refusal")
check("openai responses: cut", o("cut").responses.create(model="gpt-6.1-sol", input="x").incomplete_details.reason == "max_output_tokens")
ask = {"model": "gpt-6.1-sol", "messages": [{"role": "user", "content": "hello"}]}
c = o("ok").chat.completions.create(**ask, response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}})
check("openai chat: structured output", json.loads(c.choices[0].message.content)["name"] and c.usage.total_tokens > 0)
chunks = list(o("ok").chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
check("openai chat: stream", chunks[-1].usage.total_tokens > 0 and chunks[-2].choices[0].finish_reason == "stop")
check("openai chat: refusal", o("refusal").chat.completions.create(**ask).choices[0].message.refusal is not None)
for scenario, kind in (
    ("e400", openai.BadRequestError), ("e401", openai.AuthenticationError), ("e403", openai.PermissionDeniedError),
    ("e404", openai.NotFoundError), ("e409", openai.ConflictError), ("e429", openai.RateLimitError),
    ("e500", openai.InternalServerError), ("e503", openai.InternalServerError), ("disconnect", openai.APIConnectionError),
):
    try:
        o(scenario).responses.create(model="gpt-6.1-sol", input="x")
        check(f"openai: {scenario}", False, "no error")
    except kind as e:
        told = getattr(e, "status_code", None)
        check(f"openai: {scenario}", told is None or f"e{told}" == scenario, str(e))
try:
    o("quota").responses.create(model="gpt-6.1-sol", input="x")
    check("openai: quota", False, "no error")
except openai.RateLimitError as e:
    check("openai: quota", e.code == "insufficient_quota", str(e))
try:
    bad = dict(SCHEMA, required=[])
    o("ok").responses.create(model="gpt-6.1-sol", input="x", text={"format": {"type": "json_schema", "name": "a", "schema": bad, "strict": True}})
    check("openai: a loose schema is refused", False, "no error")
except openai.BadRequestError as e:
    check("openai: a loose schema is refused", "required" in str(e))
for name, call in (("chat", lambda: list(o("midstream").chat.completions.create(**ask, stream=True))), ("responses", lambda: list(o("midstream").responses.create(model="gpt-6.1-sol", input="x", stream=True)))):
    try:
        events = call()
        check(f"openai {name}: error in a stream", any(getattr(e, "type", "") == "error" for e in events), str(events[-1]))
    except openai.APIError as e:
        check(f"openai {name}: error in a stream", "error" in str(e).lower())
print("ok the end")
