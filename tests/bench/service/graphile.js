// graphile-worker: jobs a second that do nothing. node graphile.js URL JOBS
const { createRequire } = require("node:module");
const load = createRequire(process.env.PEERS + "/");
const { run, makeWorkerUtils } = load("graphile-worker");
const [url, jobs] = [process.argv[2], Number(process.argv[3])];

(async () => {
	const utils = await makeWorkerUtils({ connectionString: url });
	await utils.migrate();
	await utils.withPgClient((c) =>
		c.query("SELECT graphile_worker.add_job('noop', '{}') FROM generate_series(1, $1)", [jobs]));
	let done = 0, end;
	const finished = new Promise((resolve) => (end = resolve));
	const began = process.hrtime.bigint();
	const { Logger } = load("graphile-worker");
	const runner = await run({
		connectionString: url,
		noHandleSignals: true,
		logger: new Logger(() => (level, message) => level === "error" && console.error(message)),
		preset: { worker: { concurrentJobs: 24, maxPoolSize: 10, localQueue: { size: 500 },
			completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
		taskList: { noop: async () => { if (++done === jobs) end(); } },
	});
	await finished;
	for (;;) {
		const { rows } = await utils.withPgClient((c) =>
			c.query("SELECT count(*)::int AS n FROM graphile_worker._private_jobs"));
		if (rows[0].n === 0) break;
	}
	console.log((jobs * 1e9 / Number(process.hrtime.bigint() - began)).toFixed(0));
	await runner.stop();
	await utils.release();
	process.exit(0);
})();
