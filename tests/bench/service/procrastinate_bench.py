"""procrastinate: jobs a second that do nothing. procrastinate_bench.py URL JOBS"""

import asyncio
import logging
import sys
import time

import procrastinate

url, jobs = sys.argv[1], int(sys.argv[2])
logging.disable(logging.CRITICAL)
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, max_size=12))


@app.task(name="noop")
async def noop():
    pass


async def main():
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for left in range(jobs, 0, -1000):
            await noop.batch_defer_async(*[{} for _ in range(min(left, 1000))])
        began = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=10, install_signal_handlers=False, delete_jobs="always")
        print(f"{jobs / (time.perf_counter() - began):.0f}")


asyncio.run(main())
