import { memoryShelf } from '@switchboard/protocol';
import { afterEach, expect, test, vi } from 'vitest';
import { Http, Problem } from '../http';
import { linked } from '../linked';
import { ago, duration, figure, minutes, pageName } from '../words';
import { Drafts } from './drafts.svelte';
import { type Page, PagedChats } from './paged.svelte';
import { find, pieces } from './palette';
import { Preferences } from './preferences.svelte';
import { addressOf, placeOf } from './router.svelte';
import { Session } from './session.svelte';
import { Sounds } from './sounds';
import { running } from './testing';
import { ToastList } from './toasts.svelte';

afterEach(() => vi.useRealTimers());

test('spans are figures with their unit', () => {
  expect([0, 48, 605, 3599, 3900].map((s) => duration(s * 1000))).toEqual([
    '0:00',
    '0:48',
    '10:05',
    '59:59',
    '1 h 05 min',
  ]);
  expect(minutes(8_040_000)).toBe('2 h 14 min');
  expect(duration(-500)).toBe('0:00');
  expect([0, 9_999, 10_000, 65_000].map(ago)).toEqual(['just now', 'just now', '0:10 ago', '1:05 ago']);
  expect(figure(1181204)).toBe('1\u00a0181\u00a0204');
});

test('an address in a message is a link, the full stop after it is not, and no script ever is', () => {
  expect(linked('See https://a.example/x?y=1. Or not')).toEqual([
    { text: 'See ' },
    { text: 'https://a.example/x?y=1', href: 'https://a.example/x?y=1' },
    { text: '. Or not' },
  ]);
  expect(linked('javascript:alert(1) data:text/html,x').some((part) => part.href)).toBe(false);
});

test('places have addresses, and addresses places', () => {
  for (const place of [
    { list: 'active', chat: null, settings: null },
    { list: 'waiting', chat: 'abc', settings: null },
    { list: 'all', chat: null, settings: null },
    { list: 'active', chat: null, settings: { section: 'operators', id: null } },
    { list: 'active', chat: null, settings: { section: 'groups', id: 'support' } },
  ] as const) {
    const url = new URL(addressOf(place), 'http://x');
    expect(placeOf(url.pathname, url.search)).toEqual(place);
  }
  expect(placeOf('/somewhere/else', '?list=nonsense')).toEqual({ list: 'active', chat: null, settings: null });
  expect(addressOf(placeOf('/settings', ''))).toBe('/settings/groups');
  expect(addressOf(placeOf('/settings/nonsense/x', ''))).toBe('/settings/groups/x');
});

test('preferences survive a reload, and nonsense in the store does no harm', () => {
  const shelf = memoryShelf();
  new Preferences(shelf).set({ theme: 'dark', listWidth: 400 });
  expect(new Preferences(shelf).is).toMatchObject({ theme: 'dark', listWidth: 400, density: 'comfortable' });
  shelf.write('switchboard.preferences', '{"theme":"pink","listWidth":"wide","requestVolume":20}');
  expect(new Preferences(shelf).is).toMatchObject({ theme: 'system', listWidth: null, requestVolume: 20 });
});

test('a draft is kept for its chat, over a reload too', () => {
  const shelf = memoryShelf();
  const drafts = new Drafts(shelf);
  drafts.write('a', 'Dear Clara');
  drafts.write('b', 'Hello');
  drafts.write('b', '');
  expect([new Drafts(shelf).of('a'), new Drafts(shelf).of('b')]).toEqual(['Dear Clara', '']);
});

test('pages follow each other without doubles, and a failure keeps what is there', async () => {
  const pages: Record<string, Page> = {
    first: { items: [running('a'), running('b')], next: 'two' },
    two: { items: [running('b'), running('c')], next: null },
  };
  let broken = false;
  const list = new PagedChats((cursor = 'first') =>
    broken ? Promise.reject(new Problem('unavailable', 'busy', 503)) : Promise.resolve(pages[cursor] as Page),
  );
  await list.reload();
  expect([list.rows.map((row) => row.id), list.more]).toEqual([['a', 'b'], true]);
  broken = true;
  await list.loadMore();
  expect([list.state, list.problem, list.rows.length]).toEqual(['failed', 'unavailable', 2]);
  broken = false;
  await list.loadMore();
  expect([list.rows.map((row) => row.id), list.more]).toEqual([['a', 'b', 'c'], false]);
});

test('the palette finds the beginning of a word before its middle, without accents', () => {
  const line = (label: string, hint = '') => ({ id: label, label, hint, section: 'x', run: () => {} });
  const lines = [line('Show my completed chats'), line('Marek Novotný'), line('Novice guide'), line('Chats')];
  expect(find(lines, 'novotny').map(({ label }) => label)).toEqual(['Marek Novotný']);
  expect(find(lines, 'nov').map(({ label }) => label)).toEqual(['Novice guide', 'Marek Novotný']);
  expect(find(lines, 'zzz')).toEqual([]);
  expect(pieces('Show waiting chats', 'wait')).toEqual(['Show ', 'wait', 'ing chats']);
});

test('a request sounds every four seconds until it is gone', () => {
  vi.useFakeTimers();
  let notes = 0;
  const sounds = new Sounds(() => notes++);
  sounds.ring(true, () => 60);
  sounds.ring(true, () => 60);
  expect(notes).toBe(1);
  vi.advanceTimersByTime(8_000);
  expect(notes).toBe(3);
  sounds.ring(false, () => 60);
  vi.advanceTimersByTime(20_000);
  expect(notes).toBe(3);
});

test('ten messages in a row are one note', () => {
  let notes = 0;
  const sounds = new Sounds(() => notes++);
  for (let second = 0; second < 10; second++) sounds.message(40, second * 1000);
  expect(notes).toBe(1);
  sounds.message(40, 10_000);
  expect(notes).toBe(2);
});

const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });

test('a page is named by its website, unless that is this server', () => {
  const own = 'https://chat.example';
  expect(pageName('https://chat.example/demo?colour=green', own)).toBe('/demo?colour=green');
  expect(pageName('https://shop.example/sofas', own)).toBe('shop.example/sofas');
  expect(pageName('http://localhost:8081/', own)).toBe('localhost:8081/');
  expect(pageName('about nothing', own)).toBe('about nothing');
});

test('signing in gives the token that later writes bear, and a lost session is said', async () => {
  const asked: [string, string | null][] = [];
  const replies = [
    answer(200, { operator: { id: 'op-sue' }, permissions: ['answer'], csrf_token: 'secret' }),
    answer(200, {}),
    answer(401, { code: 'unauthorized', detail: 'not signed in' }),
  ];
  const http = new Http(async (path, init) => {
    asked.push([path, new Headers(init.headers).get('x-csrf-token')]);
    return replies.shift() as Response;
  });
  const session = new Session(http);
  await session.signIn(' sue@example.com ', 'pass');
  expect([session.state, session.may('answer'), session.may('manage_staff')]).toEqual(['in', true, false]);
  await http.post('/anything');
  expect(asked).toEqual([
    ['/api/v1/auth/login', null],
    ['/api/v1/anything', 'secret'],
  ]);
  await expect(http.get('/chats')).rejects.toMatchObject({ code: 'unauthorized' });
  expect([session.state, session.ended, http.csrf]).toEqual(['out', true, null]);
});

test('too many wrong passwords: the pause is shown', async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const http = new Http(async () => answer(429, { code: 'rate_limited', detail: 'wait', retry_after_ms: 900_000 }));
  const session = new Session(http);
  await session.signIn('sue@example.com', 'wrong');
  expect(session.failure?.pauseUntil).toBe(1_900_000);
  expect(session.state).not.toBe('in');
});

test('a server that cannot be reached is not a wrong password', async () => {
  const session = new Session(new Http(() => Promise.reject(new TypeError('failed'))));
  await session.signIn('sue@example.com', 'right');
  expect(session.failure?.title).toBe('No connection.');
  await session.resume();
  expect(session.state).toBe('unreachable');
});

test('what takes long is said once, for as long as any of it takes', () => {
  vi.useFakeTimers();
  const toasts = new ToastList();
  const texts = (): string[] => toasts.all.map(({ text }) => text);
  const [first, second] = [toasts.during('It is tried again'), toasts.during('It is tried again')];
  vi.advanceTimersByTime(60_000);
  expect([texts(), toasts.all[0]?.busy]).toEqual([['It is tried again'], true]);
  first();
  expect(texts()).toEqual(['It is tried again']);
  second();
  expect(texts()).toEqual([]);
  const third = toasts.during('It is tried again');
  expect(texts(), 'another time').toEqual(['It is tried again']);
  third();
});

test('what is said again takes the place of what it repeats, and nothing else gives way to it', () => {
  vi.useFakeTimers();
  const toasts = new ToastList();
  const texts = (): string[] => toasts.all.map(({ text }) => text);
  toasts.say('Saved');
  toasts.say('Support is deleted');
  vi.advanceTimersByTime(4_000);
  toasts.say('Saved');
  expect(texts()).toEqual(['Support is deleted', 'Saved']);
  vi.advanceTimersByTime(2_000);
  expect(texts(), 'it has five seconds of its own').toEqual(['Saved']);
  toasts.say('Nils Berg: transferred to Bob', { label: 'Open', run: () => {} });
  toasts.say('Nils Berg: transferred to Bob', { label: 'Open', run: () => {} });
  expect(texts(), 'each opens something').toHaveLength(3);
  vi.useRealTimers();
});
