// An OpenID-certified provider (oidc-provider) that issues JWT access tokens to clients.
//
//   node provider.mjs PEERS PORT KEYS
//
// PEERS: folder that holds node_modules. KEYS: file of a private JWK Set, made with an
// RSA, a P-256 and an Ed25519 key when it is not there. Tokens: POST /token with
// grant_type=client_credentials, client_id, client_secret=client_id and
// resource=urn:ALG; the audience is "mlopsd"; roles and projects follow the client's id
// ("admin-..." has the role admin).
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [peers, port, keys] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${peers}/node_modules/oidc-provider/lib/index.js`).href);

function key(type, options, alg) {
  const jwk = generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' });
  return { ...jwk, alg, use: 'sig', kid: randomUUID() };
}

if (!existsSync(keys)) {
  writeFileSync(keys, JSON.stringify({ keys: [
    key('rsa', { modulusLength: 2048 }, 'RS256'),
    key('ec', { namedCurve: 'P-256' }, 'ES256'),
    key('ed25519', {}, 'EdDSA'),
  ] }));
}

const issuer = `http://127.0.0.1:${port}`;
const client = (id) => ({
  client_id: id, client_secret: id, grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
  token_endpoint_auth_method: 'client_secret_post',
});
const provider = new Provider(issuer, {
  jwks: JSON.parse(readFileSync(keys)),
  clients: ['admin-ada', 'member-bob', 'member-eve', 'nobody-zed'].map(client),
  scopes: ['api'],
  extraTokenClaims: (ctx, token) => ({ roles: [token.clientId.split('-')[0]], email: `${token.clientId}@example.com` }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'api', audience: resource === 'urn:other' ? 'other' : 'mlopsd', accessTokenFormat: 'jwt', accessTokenTTL: 600,
        jwt: { sign: { alg: resource === 'urn:other' ? 'ES256' : resource.replace('urn:', '') } },
      }),
    },
  },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
});
let fetched = 0;
provider.use(async (ctx, next) => {
  if (ctx.path === '/_fetched') {
    ctx.body = String(fetched);
    return;
  }
  if (ctx.path === '/jwks') fetched += 1;
  await next();
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
