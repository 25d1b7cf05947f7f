// A webhook receiver that checks messages with the Standard Webhooks library.
//
//   node receiver.mjs PEERS PORT_FILE SECRET
//
// POST /STATUS answers with that status when the signature holds (400 when it does not);
// /301 redirects to /200, /503 asks for 7 seconds, /slow never answers. GET /seen lists
// what was accepted: id and body.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';

const [peers, portFile, secret] = process.argv.slice(2);
const { Webhook } = createRequire(`${peers}/`)('standardwebhooks');
const hook = new Webhook(secret);
const seen = [];

const server = createServer(async (request, response) => {
  if (request.url === '/seen') {
    response.end(JSON.stringify(seen));
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  let status = Number(request.url.slice(1));
  try {
    hook.verify(body, request.headers);
    seen.push({ path: request.url, id: request.headers['webhook-id'], body: JSON.parse(body), traceparent: request.headers.traceparent });
  } catch {
    status = 400;
  }
  if (request.url === '/slow') return;
  if (status === 301) response.setHeader('Location', '/200');
  if (status === 503) response.setHeader('Retry-After', '7');
  response.statusCode = status;
  response.end('x'.repeat(status === 201 ? 100000 : 2));
});
server.listen(0, '127.0.0.1', () => writeFileSync(portFile, `${server.address().port}\n`));
