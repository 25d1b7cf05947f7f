// rules.js INPUTS - the reference JSONLogic over the same rules and data as rules-bench,
// with the operators that the rules have beside it. Prints rules a second and a digest
// of the verdicts, which must be that of rules-bench.
'use strict';
const fs = require('fs');
const path = require('path');
const logic = require(path.join(__dirname, '../../../.tools/peers/node_modules/json-logic-js'));
const inputs = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const list = (a) => a || [];
const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
const has = (l, v) => l.some((x) => same(x, v));
const proves = (claims, c) => Array.isArray(claims) && [].concat(c).some((x) => claims.includes(x));
const own = {
	subset: (a, b) => list(a).every((x) => has(list(b), x)),
	common: (a, b) => list(a).filter((x) => has(list(b), x)),
	without: (a, b) => list(a).filter((x) => !has(list(b), x)),
	count: (a) => list(a).length,
	within: (code, places) => list(places).some((p) => (inputs.within[code] || []).includes(p)),
	usd_le: (a, b) => Math.round(a * 100) <= Math.round(b * 100),
	where: (objects, member, values) => list(objects).filter((o) => member in o && has(list(values), o[member])),
	lacking: (control, parts) => list(parts).filter((p) => Array.isArray(p.claims) && !proves(p.claims, control)).map((p) => p.module),
	unclaimed: (parts) => list(parts).filter((p) => !Array.isArray(p.claims)).map((p) => 'claims of ' + p.pattern),
};
for (const [name, run] of Object.entries(own)) logic.add_operation(name, run);
const once = () => inputs.rules.map((r) => (logic.truthy(logic.apply(r, inputs.data)) ? '1' : '0')).join('');
let best = Infinity, verdicts;
for (let i = 0; i < 20; i++) {
	const start = process.hrtime.bigint();
	verdicts = once();
	const took = Number(process.hrtime.bigint() - start) / 1e6;
	if (took < best) best = took;
}
console.log(`${best.toFixed(3)} ${Math.round((inputs.rules.length * 1000) / best)} ${verdicts}`);
