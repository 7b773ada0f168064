import type { LeftMessageRow } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { Http } from './http';
import { leftName, replyTo } from './left';
import { LeftMessages } from './leftmessages.svelte';
import { addressOf, placeOf } from './state/router.svelte';

const message = (id: string, more: Partial<LeftMessageRow> = {}): LeftMessageRow => ({
  id,
  state: 'new',
  brand: 'demo',
  email: `${id}@visitor.example`,
  text: 'Call me back',
  created_at: '2026-11-21T10:00:00.000Z',
  ...more,
});

/** A server with these messages, two a page. */
function server(all: LeftMessageRow[]) {
  const asked: string[] = [];
  let down = false;
  const http = new Http(async (path, init) => {
    asked.push(`${init.method} ${path}`);
    if (down) return Response.json({ code: 'unavailable' }, { status: 503 });
    const url = new URL(path, 'http://chat.example');
    const id = url.pathname.split('/')[4];
    const found = all.find((row) => row.id === id);
    if (id !== undefined && !found) return new Response('{"code":"not_found"}', { status: 404 });
    if (init.method === 'PATCH' && found) Object.assign(found, JSON.parse(String(init.body)));
    if (found) return Response.json({ ...found });
    const state = url.searchParams.get('state');
    const rows = all.filter((row) => state === null || row.state === state);
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const next = rows.length > from + 2 ? String(from + 2) : null;
    const fresh = all.filter((row) => row.state === 'new').length;
    return Response.json({ items: rows.slice(from, from + 2).map((row) => ({ ...row })), next, new: fresh });
  });
  return { http, asked, left: new LeftMessages(http), goDown: () => (down = true) };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));
const ids = (left: LeftMessages) => left.rows.map((row) => row.id);

describe('messages that visitors left', () => {
  it('come in pages and are counted', async () => {
    const { left } = server([message('a'), message('b'), message('c', { state: 'done' })]);
    left.look(null);
    await settle();
    expect(ids(left)).toEqual(['a', 'b']);
    expect([left.fresh, left.more, left.state]).toEqual([2, true, 'there']);
    await left.loadMore();
    expect(ids(left)).toEqual(['a', 'b', 'c']);
    expect(left.more).toBe(false);
  });

  it('are read anew when the server tells of a change, if somebody looks', async () => {
    const all = [message('a')];
    const { left, asked } = server(all);
    left.told(1);
    await settle();
    expect([left.fresh, asked.length]).toEqual([1, 0]);
    left.look(null);
    await settle();
    all.unshift(message('b'));
    left.told(2);
    await settle();
    expect(ids(left)).toEqual(['b', 'a']);
    left.look(undefined);
    left.told(3);
    await settle();
    expect(asked.filter((one) => one.startsWith('GET')).length).toBe(2);
  });

  it('stay where they are when they are dealt with, so that nobody loses one', async () => {
    const { left } = server([message('a'), message('b')]);
    left.show('new', null);
    await settle();
    await left.set('a', 'done');
    expect(left.get('a')?.state).toBe('done');
    expect(ids(left)).toEqual(['a', 'b']);
    expect(left.busy).toBeNull();
  });

  it('are opened by their address though the list does not have them', async () => {
    const { left } = server([message('a'), message('b'), message('c')]);
    left.look('c');
    await settle();
    expect(left.get('c')?.email).toBe('c@visitor.example');
    left.look('none');
    await settle();
    expect(left.missing).toBe('none');
  });

  it('say when they did not load', async () => {
    const { left, goDown } = server([message('a')]);
    goDown();
    left.look(null);
    await settle();
    expect([left.state, left.problem]).toEqual(['failed', 'unavailable']);
  });

  it('have addresses of their own', () => {
    const one = placeOf('/messages/0190a', '');
    expect(one.left).toEqual({ id: '0190a' });
    expect(addressOf(one)).toBe('/messages/0190a');
    expect(addressOf(placeOf('/messages', ''))).toBe('/messages');
    expect(placeOf('/chats', '').left ?? null).toBeNull();
  });

  it('are answered by mail, with what was written below', () => {
    const row = message('a', { text: 'One & two\nthree', name: 'Clara' });
    expect(leftName(row)).toBe('Clara');
    expect(leftName(message('a'))).toBe('a@visitor.example');
    const link = new URL(replyTo(row));
    expect(decodeURIComponent(link.pathname)).toBe('a@visitor.example');
    expect(link.searchParams.get('body')).toContain('> One & two\r\n> three');
  });
});
