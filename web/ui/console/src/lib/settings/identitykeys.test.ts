import { expect, test } from 'vitest';
import { Http } from '../http';
import { checkKey, type IdentityKey, IdentityKeys } from './identitykeys';

const OLD: IdentityKey = { id: '2026.a', algorithm: 'HS256', created_at: '2026-11-21T10:00:00.000Z' };
const SECRET = 'a secret of thirty-two characters';
const PEM = '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n';

test('what a key cannot be is said at its field', () => {
  const wrong = (key: object): string[] =>
    Object.keys(checkKey({ id: '2026.b', algorithm: 'HS256', key: SECRET, ...key }, [OLD]));
  expect(wrong({})).toEqual([]);
  expect(wrong({ algorithm: 'RS256', key: PEM })).toEqual([]);
  expect(wrong({ id: 'my key', key: 'short' })).toEqual(['id', 'key']);
  expect(wrong({ id: ' 2026.a ' })).toEqual(['id']);
  expect(wrong({ algorithm: 'ES256' })).toEqual(['key']);
  expect(wrong({ algorithm: 'RS256', key: PEM.replace('PUBLIC', 'PRIVATE') }), 'it is to stay where it is').toEqual(['key']);
});

test('a secret is what is written between its ends: a pasted line end is no part of it, and one within is refused', async () => {
  const wrong = (key: string): string | undefined => checkKey({ id: '2026.b', algorithm: 'HS256', key }, []).key;
  expect(wrong(`${SECRET}\n`)).toBeUndefined();
  expect(wrong(`\r\n${SECRET} `)).toBeUndefined();
  expect(wrong(`short${' '.repeat(40)}`), 'blanks around it do not count').toMatch(/32 characters/);
  for (const within of ['\n', '\r\n', '\r']) expect(wrong(`${SECRET}${within}${SECRET}`)).toMatch(/one line/);
  const sent: unknown[] = [];
  const http = new Http(async (_path, { body }) => {
    if (typeof body === 'string') sent.push(...JSON.parse(body).identity_keys);
    return new Response(JSON.stringify({ version: 7, identity_keys: [] }), { status: 200 });
  });
  await new IdentityKeys(http, 'demo').add({ id: '2026.b', algorithm: 'HS256', key: ` ${SECRET}\r\n` });
  expect(sent).toEqual([{ id: '2026.b', algorithm: 'HS256', key: SECRET }]);
});

test('the keys that are there stay, and none of them is sent anywhere', async () => {
  const asked: { method: string; body: unknown; match: string | undefined }[] = [];
  const http = new Http(async (_path, { method = '', body, headers }) => {
    const match = (headers as Record<string, string>)['if-match'];
    asked.push({ method, body: typeof body === 'string' ? JSON.parse(body) : undefined, match });
    return new Response(JSON.stringify({ version: 7, identity_keys: [OLD] }), { status: 200 });
  });
  const keys = new IdentityKeys(http, 'demo');
  expect(await keys.load()).toEqual([OLD]);
  await keys.add({ id: ' 2026.b ', algorithm: 'HS256', key: SECRET });
  await keys.remove('2026.a');
  const patches = asked.filter(({ method }) => method === 'PATCH');
  expect(patches).toEqual([
    { method: 'PATCH', match: '"7"', body: { identity_keys: [{ id: '2026.a' }, { id: '2026.b', algorithm: 'HS256', key: SECRET }] } },
    { method: 'PATCH', match: '"7"', body: { identity_keys: [] } },
  ]);
});
