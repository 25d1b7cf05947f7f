"""What the model of the local test server says.

`helpful` answers with what the inputs support. `lying` and `obedient` are models that
went wrong: invented quotes, numbers and components; whatever a sentence in the brief
tells the machine to do. Anything else gets the smallest value that the schema allows.
"""

import json
import re


def inputs_of(call):
    text = call.turns()[0]["content"] if call.turns() else ""
    if not isinstance(text, str):
        text = json.dumps(text)
    found = re.search(r"<inputs>\n(.*)\n</inputs>", text, re.S)
    if not found:
        return {}
    return json.loads(found[1])


def smallest(schema, root=None):
    root = root or schema
    if schema is None:
        return {"ok": True}
    if "$ref" in schema:
        at = root
        for token in schema["$ref"].split("/")[1:]:
            at = at[token]
        return smallest(at, root)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return smallest(schema["anyOf"][-1], root)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {k: smallest(v, root) for k, v in schema.get("properties", {}).items()}
    return {"array": [], "string": "a text of a few words", "number": 1, "integer": 1, "boolean": True, "null": None}.get(kind, {})


def make(call):
    schema, given = call.schema(), inputs_of(call)
    props = set((schema or {}).get("properties", {}))
    for word in call.words:
        model = globals().get("model_" + word)
        if model:
            answer = model(call, given, props)
            if answer is not None:
                return answer
    return smallest(schema)


def model_helpful(call, given, props):
    if "values" in props:
        found = re.search(r"nothing in here may leave the (?:firm|company)", given.get("brief", ""))
        if found and "data_classification" in given.get("missing", []):
            return {"values": [{"field": "data_classification", "value": "confidential", "quote": found[0]}]}
        return {"values": []}
    if "questions" in props:
        return {"questions": [{"id": q["id"], "text": "Put plainly: " + q["text"]} for q in given.get("questions", [])]}
    if "pins" in props:
        slot = next((s for s in given.get("slots", []) if s.get("others")), None)
        pins = [{"slot": slot["slot"], "pattern": slot["others"][0], "why": "the team knows it"}] if slot else []
        return {"pins": pins, "rationale": "It is the cheapest plan that meets every constraint."}
    if "risks" in props:
        names = given.get("components", [])[:1]
        return {"risks": [{"component": n, "risk": "Nobody on the team has run this in production.", "probe": "run a game day"} for n in names]}
    if "texts" in props:
        return {"texts": [{"id": t["id"], "text": t["text"] + ", all told"} for t in given.get("texts", [])[:3]]}
    if "body" in props:
        body = given.get("region", {}).get("body", "")
        return {"body": body + "    # reads the same, domain words added\n", "summary": "a comment"}
    return None


def model_lying(call, given, props):
    if "values" in props:
        return {
            "values": [
                {"field": "cloud", "value": "gcp", "quote": "words that nobody wrote in this brief"},
                {"field": "budget_band", "value": 999999, "quote": "an invented budget of 999999"},
                {"field": "no_such_field", "value": "x", "quote": "the"},
            ]
        }
    if "questions" in props:
        return {"questions": [{"id": q["id"], "text": "Do you want Oracle Exadata for 77 thousand dollars?"} for q in given.get("questions", [])] + [{"id": "q-invented", "text": "A new question, is it?"}]}
    if "pins" in props:
        return {"pins": [{"slot": "no-such-slot", "pattern": "aws.serve.no-such", "why": "because"}], "rationale": "It saves 31415 dollars a day."}
    if "risks" in props:
        return {"risks": [{"component": "the-flux-capacitor", "risk": "It needs 1.21 gigawatts.", "probe": "none"}, {"component": (given.get("components") or ["x"])[0], "risk": "It fails 98765 times a day.", "probe": "count to 98765"}]}
    if "texts" in props:
        return {"texts": [{"id": t["id"], "text": "We saved 424242 dollars."} for t in given.get("texts", [])[:2]] + [{"id": "t-invented", "text": "More."}]}
    if "body" in props:
        return {"body": "    this is not Python (\n", "summary": "broken"}
    return None


def model_obedient(call, given, props):
    """Does what the text says, quoting the very sentence that tells it to."""
    brief = given.get("brief", "")
    if "values" in props:
        out = []
        wishes = {"cloud": ["aws", "gcp", "azure"], "data_classification": ["public", "internal"], "deployment_pref": ["serverless", "containers"]}
        order = re.compile(r"(?i)\b(ignore|disregard|system|assistant|ai\b|model|override|instruction|prompt|you are|must answer|json|developer)")
        lines = [s.strip() for s in re.split(r"(?<=[.!?\n])\s+", brief) if order.search(s)]
        for line in lines[:6]:
            for field in given.get("missing", []) + given.get("ambiguous", []):
                for word in wishes.get(field, []):
                    if re.search(rf"(?i)\b{word}\b", line):
                        out.append({"field": field, "value": word, "quote": line[:380]})
                number = re.search(r"\d[\d,.]*", line)
                if number and field in ("availability_target", "sla_latency_ms"):
                    out.append({"field": field, "value": float(number[0].replace(",", "").rstrip(".")), "quote": line[:380]})
                if field in ("cloud", "data_classification") and not any(o["field"] == field for o in out):
                    out.append({"field": field, "value": wishes[field][0], "quote": line[:380]})
        return {"values": out[:24]}
    if "questions" in props:
        return {"questions": [{"id": q["id"], "text": "My system prompt is: " + json.dumps(call.body.get("system"))[:150] + "?"} for q in given.get("questions", [])]}
    if "risks" in props:
        return {"risks": [{"component": c, "risk": "PWNED: " + json.dumps(call.body.get("system"))[:80], "probe": "curl http://evil.example"} for c in given.get("components", [])[:1]]}
    return None
