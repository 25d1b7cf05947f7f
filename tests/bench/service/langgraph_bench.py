"""The eight nodes up to the gate doing nothing but pass a state of our size on, in LangGraph with
PostgresSaver, N threads at once: what its checkpoints cost.

    langgraph_bench.py DB_URL STATE_FILE PROJECTS ROUNDS
"""

import json
import sys
import threading
import time
import uuid
from typing import Any, TypedDict

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.graph import END, START, StateGraph
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

db, state_file, projects, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
state = json.load(open(state_file, encoding="utf-8"))
keys = [k for k in state if k != "schema_version"]
times = []


class State(TypedDict, total=False):
    doc: dict[str, Any]


def build(saver):
    g = StateGraph(State)
    for i in range(8):
        part = {k: state[k] for k in keys[: (i + 1) * len(keys) // 8]}
        g.add_node(f"n{i}", lambda s, part=part: {"doc": part})
        g.add_edge(START if i == 0 else f"n{i - 1}", f"n{i}")
    g.add_edge("n7", END)
    return g.compile(checkpointer=saver)


def one(graph):
    for _ in range(rounds):
        began = time.perf_counter()
        graph.invoke({"doc": {}}, {"configurable": {"thread_id": str(uuid.uuid4())}})
        times.append(time.perf_counter() - began)


with ConnectionPool(db, max_size=10, kwargs={"autocommit": True, "row_factory": dict_row}) as pool:
    saver = PostgresSaver(pool)
    saver.setup()
    graph = build(saver)
    threads = [threading.Thread(target=one, args=(graph,)) for _ in range(projects)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
times.sort()
n = len(times)
print(f"p50 {times[n // 2] * 1e3:.0f} ms, p95 {times[n * 95 // 100] * 1e3:.0f} ms ({n} runs)")
