"""The same GET /decision-sets/{id} in FastAPI and asyncpg: head and documents from our
own tables, parsed and answered as JSON."""

import json
import os
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, HTTPException


@asynccontextmanager
async def lifespan(app):
    app.state.pool = await asyncpg.create_pool(os.environ["DB"], min_size=4, max_size=4)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


@app.get("/decision-sets/{set_id}")
async def get_decision_set(set_id: str):
    async with app.state.pool.acquire() as c:
        head = await c.fetchrow(
            "SELECT id, project_id, parent_id, version, status, run_id, summary_md, content_digest, git_commit,"
            " stream_abandoned, lock_version, state_version, tool_version, created_at, updated_at"
            " FROM decision_sets WHERE id = $1", set_id)
        if head is None:
            raise HTTPException(404)
        rows = await c.fetch("SELECT name, body_jsonb FROM documents WHERE decision_set_id = $1", set_id)
    return dict(head) | {r["name"]: json.loads(r["body_jsonb"]) for r in rows}
