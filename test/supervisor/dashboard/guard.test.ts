// Goal: no page of another origin reads or acts, whatever it sends; a token is needed where the address is not loopback.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Guard } from '../../../src/supervisor/dashboard/guard.ts';

const TOKEN = 'sixteen-or-more-characters';
const PORT = 7575;

const head = (headers: Record<string, string>, method = 'GET') => ({ method, header: (name: string) => headers[name] });
const loopback = new Guard({ host: '127.0.0.1', port: PORT, token: TOKEN }, PORT);
const open = new Guard({ host: '10.1.2.3', port: PORT, token: TOKEN }, PORT);

test('an address or localhost at the port is called by its name, and nothing else is', () => {
  for (const host of ['127.0.0.1:7575', 'localhost:7575', 'LOCALHOST:7575', '[::1]:7575', '10.1.2.3:7575'])
    assert.equal(loopback.refusal(head({ host })), undefined, host);
  for (const host of [
    'evil.example',
    'evil.example:7575',
    '127.0.0.1.evil.example:7575',
    'localhost.evil.example:7575',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.0.0.1:75755',
    'user@127.0.0.1:7575',
    '',
    '127.0.0.1:7575, evil.example',
    '[::1]',
    '0x7f000001.example:7575',
  ])
    assert.equal(loopback.refusal(head({ host }))?.status, 421, host);
  assert.equal(loopback.refusal(head({}))?.status, 421);
});

test('an origin is our own or there is none', () => {
  const host = '127.0.0.1:7575';
  assert.equal(loopback.refusal(head({ host, origin: `http://${host}` })), undefined);
  for (const origin of [
    'http://evil.example',
    'null',
    'http://127.0.0.1:1',
    'https://127.0.0.1:7575',
    'http://localhost:7575',
    '',
  ])
    assert.equal(loopback.refusal(head({ host, origin }))?.status, 403, origin);
  for (const site of ['cross-site', 'same-site']) {
    assert.equal(loopback.refusal(head({ host, 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }))?.status, 403);
    assert.equal(loopback.refusal(head({ host, 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' })), undefined);
  }
});

test('any name but ours is refused', () => {
  const part = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  fc.assert(
    fc.property(fc.array(part, { minLength: 2, maxLength: 4 }), (parts) => {
      const name = parts.join('.');
      fc.pre(!/^[0-9.]+$/.test(name));
      assert.equal(loopback.refusal(head({ host: `${name}:${PORT}` }))?.status, 421);
    }),
  );
});

test('an action is a POST of JSON with the token', () => {
  const right = { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${TOKEN}` };
  assert.equal(loopback.actionRefusal(head(right, 'POST')), undefined);
  assert.equal(loopback.actionRefusal(head(right, 'GET'))?.status, 405);
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'application/jsonx',
    '',
  ])
    assert.equal(loopback.actionRefusal(head({ ...right, 'content-type': type }, 'POST'))?.status, 415, type);
  for (const authorization of [
    '',
    'Bearer',
    'Bearer wrong',
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN} x`,
  ])
    assert.equal(loopback.actionRefusal(head({ ...right, authorization }, 'POST'))?.status, 401, authorization);
  const off = new Guard({ host: '127.0.0.1', port: PORT, token: undefined }, PORT);
  assert.equal(off.actionRefusal(head({ ...right, authorization: 'Bearer undefined' }, 'POST'))?.status, 403);
});

test('where other machines can reach it, reading takes the token too', () => {
  assert.equal(loopback.readRefusal(head({})), undefined);
  assert.equal(open.readRefusal(head({}))?.status, 401);
  assert.equal(open.readRefusal(head({ authorization: `Bearer ${TOKEN}` })), undefined);
  assert.equal(loopback.scrapeRefusal(head({}))?.status, 401, 'a token for metrics holds on loopback');
});
