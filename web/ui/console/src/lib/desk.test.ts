import { memoryShelf, type ChatRow, type Socket } from '@switchboard/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Acts } from './acts';
import { Alerts } from './alerts';
import { Desk } from './desk.svelte';
import { Http } from './http';
import { Notices } from './state/notices';
import { Sounds } from './state/sounds';
import { assigned, at, ended, event, NOON, offer, queued, running, said, started, SUE, wrote } from './state/testing';

/** The server, as far as one operator sees it. */
class Server {
  sockets: Socket[] = [];
  got: { type: string; id?: string; chat?: string; topic?: string; filter?: unknown; text?: string; seq?: number; status?: string }[] =
    [];
  rows = new Map<string, ChatRow>();
  notes = 0;
  /** What has happened in each chat, as HTTP tells it. */
  events = new Map<string, unknown[]>();
  readonly asked: string[] = [];
  /** What signing out is answered with. */
  logout = 204;

  connect = (): Socket => {
    const socket: Socket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => void this.got.push(JSON.parse(text)),
      close: () => {},
    };
    this.sockets.push(socket);
    return socket;
  };
  fetch = async (path: string): Promise<Response> => {
    this.asked.push(path);
    const id = /\/chats\/([^/?]+)$/.exec(path)?.[1];
    const row = id === undefined ? undefined : this.rows.get(id);
    if (path.endsWith('/auth/me')) return Response.json({ operator: sue, permissions: ['answer'], csrf_token: 'x' });
    if (path.endsWith('/auth/logout')) return new Response(null, { status: this.logout });
    if (row) return Response.json(row);
    if (id) return new Response(JSON.stringify({ code: 'not_found', detail: 'no such chat' }), { status: 404 });
    const of = /\/chats\/([^/?]+)\/events/.exec(path)?.[1] ?? '';
    return Response.json({ items: this.events.get(of) ?? [], next: null });
  };
  say(...frames: unknown[]): void {
    for (const frame of frames) this.sockets.at(-1)?.onmessage?.({ data: JSON.stringify(frame) });
  }
  welcome(chats: ChatRow[] = [], offers: unknown[] = [], handling = 'primary'): void {
    this.sockets.at(-1)?.onopen?.({});
    this.say({
      type: 'welcome',
      operator: sue,
      permissions: ['answer'],
      status: 'online',
      status_since: at(0),
      grace_s: 60,
      groups: [
        {
          id: 'support',
          name: 'Support',
          department: 'd',
          handling,
          limit: null,
          active: true,
          left_out: false,
          waiting: 0,
        },
      ],
      chats,
      offers,
      server_time: at(0),
    });
  }
  last(type: string) {
    return this.got.findLast((frame) => frame.type === type);
  }
}

const sue = { id: SUE, name: 'Sue Tanaka', email: 'sue@example.com', role: 'operator', limit: 5 } as const;
let server: Server;

async function desk(): Promise<{ desk: Desk; acts: Acts }> {
  const one = new Desk({
    http: new Http((path) => server.fetch(path)),
    alerts: new Alerts(new Sounds(() => server.notes++), new Notices()),
    shelf: memoryShelf(),
    holder: { hold: () => () => {}, claim: async (_, work) => work() },
    url: 'ws://test',
    socket: server.connect,
  });
  one.attentive = true;
  await one.session.resume();
  one.enter();
  await vi.advanceTimersByTimeAsync(0);
  return { desk: one, acts: new Acts(one) };
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  vi.stubGlobal('location', { pathname: '/chats', search: '' });
  vi.stubGlobal('history', { pushState: () => {}, replaceState: () => {} });
  server = new Server();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a request is accepted, opens, and is mine with all that was said before', async () => {
  const { desk: one, acts } = await desk();
  server.welcome();
  const request = offer('o', 20);
  const id = request.chat;
  server.say({ type: 'offer', ...request });
  expect(one.offers.ringing).toHaveLength(1);
  const accepting = acts.accept(request);
  server.rows.set(id, running(id, { number: 12, seq: 4 }));
  server.say({ type: 'ack', id: server.last('accept')?.id, chat: id, seq: 4 });
  await accepting;
  expect(one.offers.all).toEqual([]);
  expect(one.router.place.chat).toBe(id);
  expect(one.open?.name).toBe('Aisha Rahman');
  server.say(
    ...[started, queued, wrote('Is the lamp in stock?'), assigned()].map((kind, index) => event(id, index + 1, kind)),
    { type: 'resumed', chat: id, through: 4, last: 4, marks: { visitor: { delivered: 0, read: 0 } } },
  );
  await vi.advanceTimersByTimeAsync(10);
  expect(one.chats.mine.map((chat) => [chat.id, chat.row.number, chat.events.length])).toEqual([[id, 12, 4]]);
});

test('a colleague was quicker: the card says who, and nothing opens', async () => {
  const { desk: one, acts } = await desk();
  server.welcome();
  const request = offer('o', 20);
  server.say({ type: 'offer', ...request });
  const accepting = acts.accept(request);
  server.say({
    type: 'error',
    id: server.last('accept')?.id,
    code: 'conflict',
    why: 'taken',
    by: 'Bob Marsh',
    message: 'taken',
  });
  await accepting;
  expect(one.offers.all[0]?.gone).toMatchObject({ why: 'taken', by: 'Bob Marsh' });
  expect(one.router.place.chat).toBeNull();
});

test('after a restart of the server nothing is lost and nothing is there twice', async () => {
  const { desk: one, acts } = await desk();
  server.welcome([running('a', { seq: 2 })]);
  server.say(event('a', 1, started), event('a', 2, assigned()), {
    type: 'resumed',
    chat: 'a',
    through: 2,
    last: 2,
    marks: { visitor: { delivered: 0, read: 0 } },
  });
  await vi.advanceTimersByTimeAsync(10);
  const chat = one.chats.get('a');
  server.sockets.at(-1)?.onclose?.({ code: 1006, reason: '' });
  if (chat) acts.say(chat, 'Written meanwhile');
  await vi.advanceTimersByTimeAsync(1_500);
  server.welcome([running('a', { seq: 3 })]);
  const say = server.last('say');
  expect(say?.text).toBe('Written meanwhile');
  server.say(
    event('a', 2, assigned()),
    event('a', 3, wrote('Hello?'), 3),
    { type: 'resumed', chat: 'a', through: 3, last: 3, marks: { visitor: { delivered: 0, read: 0 } } },
    { type: 'ack', id: say?.id, chat: 'a', seq: 4 },
  );
  expect(chat?.sent.map((sent) => sent.text)).toEqual(['Written meanwhile']);
  server.say(event('a', 4, said('Written meanwhile'), 4, say?.id));
  expect(chat?.events.map((frame) => frame.seq)).toEqual([1, 2, 3, 4]);
  expect(chat?.sent).toEqual([]);
  expect(one.link?.outgoing).toEqual([]);
});

test('a chat that was accepted just before the server went has its history once it is back', async () => {
  const { desk: one, acts } = await desk();
  server.welcome();
  const request = offer('o', 20);
  const id = request.chat;
  server.say({ type: 'offer', ...request });
  const accepting = acts.accept(request);
  server.rows.set(id, running(id, { seq: 4 }));
  server.say({ type: 'ack', id: server.last('accept')?.id, chat: id, seq: 4 });
  await accepting;
  server.sockets.at(-1)?.onclose?.({ code: 1006, reason: '' });
  server.got = [];
  await vi.advanceTimersByTimeAsync(1_500);
  server.welcome([running(id, { seq: 4 })]);
  expect(server.got.filter(({ type }) => type === 'resume')).toEqual([{ type: 'resume', chat: id, after: 0 }]);
  server.say(
    ...[started, queued, wrote('Is the lamp in stock?'), assigned()].map((kind, index) => event(id, index + 1, kind)),
    { type: 'resumed', chat: id, through: 4, last: 4, marks: { visitor: { delivered: 0, read: 0 } } },
  );
  await vi.advanceTimersByTimeAsync(10);
  expect([one.open?.history, one.open?.events.length, one.chats.mine.length]).toEqual(['there', 4, 1]);
});

test('a chat that a colleague had while this window was away is mine again with all that was said', async () => {
  const { desk: one } = await desk();
  const me = { id: SUE, name: 'Sue Tanaka' };
  const marks = { visitor: { delivered: 0, read: 0 } };
  server.welcome([running('a', { seq: 2 })]);
  server.say(event('a', 1, started), event('a', 2, assigned()));
  server.say({ type: 'resumed', chat: 'a', through: 2, last: 2, marks });
  await vi.advanceTimersByTimeAsync(10);
  server.say(event('a', 3, { kind: 'transferred', operator: 'op-mona', name: 'Mona Ray', group: 'support', from: me, offer: 'o' }));
  expect(one.chats.mine).toEqual([]);
  server.sockets.at(-1)?.onclose?.({ code: 1006, reason: '' });
  server.got = [];
  await vi.advanceTimersByTimeAsync(1_500);
  server.welcome([running('a', { seq: 5 })]);
  expect(server.last('hello')).toMatchObject({ resume: [] });
  expect(server.got.filter(({ type }) => type === 'resume')).toEqual([{ type: 'resume', chat: 'a', after: 3 }]);
  server.say(event('a', 4, said('I have it', 'op-mona')), event('a', 5, assigned()));
  server.say({ type: 'resumed', chat: 'a', through: 5, last: 5, marks });
  expect([one.chats.mine.length, one.chats.get('a')?.events.map(({ seq }) => seq)]).toEqual([1, [1, 2, 3, 4, 5]]);
});

test('a history that the socket does not give comes over HTTP', async () => {
  const { desk: one } = await desk();
  server.welcome([running('a', { seq: 2 })]);
  expect(one.chats.get('a')?.history).toBe('loading');
  server.say({ type: 'error', chat: 'a', code: 'not_found', message: 'no such chat' });
  await vi.advanceTimersByTimeAsync(10);
  expect([one.chats.get('a')?.history, server.asked.filter((path) => path.includes('/chats/a/'))]).toEqual([
    'there',
    ['/api/v1/chats/a/events?after=0&limit=200'],
  ]);
});

test('a request that the server cannot store now is under way until it can, and is said to be', async () => {
  const { desk: one, acts } = await desk();
  server.welcome();
  const request = offer('o', 60);
  server.say({ type: 'offer', ...request });
  const accepting = acts.accept(request);
  const id = server.last('accept')?.id;
  server.rows.set(request.chat, running(request.chat));
  const texts = () => one.toasts.all.map(({ text }) => text);
  for (let tries = 1; tries <= 2; tries++) {
    server.say({ type: 'error', id, code: 'unavailable', message: 'not known whether it was stored' });
    expect([one.offers.all[0]?.answering, texts()]).toEqual(['accept', ['The server cannot do this now. It is tried again.']]);
    await vi.advanceTimersByTimeAsync(4_000);
  }
  expect(new Set(server.got.filter(({ type }) => type === 'accept').map((frame) => frame.id))).toEqual(new Set([id]));
  server.say({ type: 'ack', id, chat: request.chat, seq: 4 });
  await accepting;
  expect([one.offers.all, texts(), one.router.place.chat]).toEqual([[], [], request.chat]);
});

test('a status that is asked for while another one is under way is the one that stands', async () => {
  const { desk: one, acts } = await desk();
  server.welcome();
  const first = acts.setStatus('away');
  server.say({ type: 'error', id: server.last('status')?.id, code: 'unavailable', message: 'later' });
  const second = acts.setStatus('busy');
  await vi.advanceTimersByTimeAsync(1_000);
  const asked = server.got.filter(({ type }) => type === 'status').map(({ id, status }) => [id, status]);
  expect(asked.map(([, status]) => status)).toEqual(['away', 'away', 'busy']);
  server.say({ type: 'ack', id: asked[1]?.[0] });
  await first;
  expect(one.presence.wanted).toBe('busy');
  server.say({ type: 'ack', id: asked[2]?.[0] });
  await second;
  expect(one.presence.asked).toBeNull();
});

test('a message in a chat I do not look at sounds, one I look at does not', async () => {
  const { desk: one } = await desk();
  server.welcome([running('a'), running('b')]);
  for (const id of ['a', 'b'])
    server.say({ type: 'resumed', chat: id, through: 0, last: 0, marks: { visitor: { delivered: 0, read: 0 } } });
  await vi.advanceTimersByTimeAsync(10);
  one.router.go({ chat: 'a' });
  server.say(event('a', 1, wrote('Hello'), 0));
  expect(server.notes).toBe(0);
  server.say(event('b', 1, wrote('Hello'), 0));
  expect(server.notes).toBe(1);
});

test('an old chat that is looked up makes no sound and is not counted as unread', async () => {
  const { desk: one } = await desk();
  server.rows.set('old', running('old', { state: 'ended', seq: 3, owner: { id: 'op-joe', name: 'Joe Abara' } }));
  server.welcome();
  one.router.go({ chat: 'old' });
  await vi.advanceTimersByTimeAsync(10);
  expect([one.open?.row.state, one.missing, server.notes, one.chats.unreadChats.length]).toEqual(['ended', null, 0, 0]);
});

test('a chat that does not exist says so', async () => {
  const { desk: one } = await desk();
  server.welcome();
  one.router.go({ chat: 'nope' });
  await vi.advanceTimersByTimeAsync(10);
  expect(one.missing).toBe('nope');
});

test('take next goes on to the one behind when a colleague is quicker', async () => {
  const { desk: one, acts } = await desk();
  server.welcome();
  const subscription = server.got.find((frame) => frame.topic === 'chats')?.id;
  const rows = [
    running('first', { state: 'waiting', owner: undefined }),
    running('second', { state: 'waiting', owner: undefined }),
  ];
  server.say({ type: 'rows', topic: 'chats', subscription, total: 2, rows });
  const taking = acts.takeNext();
  expect(server.last('take')?.chat).toBe('first');
  server.say({ type: 'error', id: server.last('take')?.id, code: 'conflict', why: 'taken', message: 'taken' });
  await vi.advanceTimersByTimeAsync(0);
  expect(server.last('take')?.chat).toBe('second');
  server.say({ type: 'ack', id: server.last('take')?.id, chat: 'second', seq: 5 });
  await taking;
  expect(one.router.place.chat).toBe('second');
});

test('take next leaves alone what rings here', async () => {
  const { acts } = await desk();
  server.welcome();
  const subscription = server.got.find((frame) => frame.topic === 'chats')?.id;
  const rows = [
    running('rings', { state: 'waiting', owner: undefined }),
    running('waits', { state: 'waiting', owner: undefined }),
  ];
  server.say({ type: 'rows', topic: 'chats', subscription, total: 2, rows });
  server.say({ type: 'offer', ...offer('o', 20), chat: 'rings' });
  expect(acts.takeable().map((row) => row.id)).toEqual(['waits']);
  void acts.takeNext();
  expect(server.last('take')?.chat).toBe('waits');
});

test('a chat that waited here and is a colleague’s now is said to be so, and shown no more', async () => {
  const { desk: one } = await desk();
  server.welcome();
  const subscription = server.got.find((frame) => frame.topic === 'chats')?.id;
  const waits = running('theirs', { state: 'waiting', owner: undefined });
  server.rows.set('theirs', waits);
  server.say({ type: 'rows', topic: 'chats', subscription, total: 1, rows: [waits] });
  one.router.go({ list: 'waiting', chat: 'theirs' });
  await vi.advanceTimersByTimeAsync(10);
  expect([one.open?.id, one.missing]).toEqual(['theirs', null]);
  server.rows.delete('theirs');
  const now = server.got.findLast((frame) => frame.topic === 'chats' && frame.type === 'subscribe')?.id;
  server.say({ type: 'rows', topic: 'chats', subscription: now, total: 0, rows: [] });
  await vi.advanceTimersByTimeAsync(10);
  expect([one.open, one.missing, one.passedOn]).toEqual([undefined, 'theirs', true]);
  server.welcome();
  await vi.advanceTimersByTimeAsync(10);
  expect([one.missing, one.passedOn], 'also when it is asked for again').toEqual(['theirs', true]);
  one.router.go({ chat: 'nope' });
  await vi.advanceTimersByTimeAsync(10);
  expect([one.missing, one.passedOn], 'that one was never seen').toEqual(['nope', false]);
});

test('a chat that waited is a colleague’s also where its history tells it before the list does', async () => {
  const { desk: one } = await desk();
  server.welcome();
  const waits = running('theirs', { state: 'waiting', owner: undefined, seq: 2 });
  server.rows.set('theirs', waits);
  server.events.set('theirs', [event('theirs', 1, started), event('theirs', 2, queued)]);
  one.router.go({ list: 'waiting', chat: 'theirs' });
  await vi.advanceTimersByTimeAsync(10);
  expect([one.open?.row.state, one.open?.last]).toEqual(['waiting', 2]);
  // It is offered, and while its history is asked for Bob accepts: by then its row is not for us.
  server.rows.delete('theirs');
  server.events.set('theirs', [event('theirs', 3, queued), event('theirs', 4, assigned('bob'))]);
  const subscription = server.got.findLast((frame) => frame.topic === 'chats' && frame.type === 'subscribe')?.id;
  server.say({ type: 'rows', topic: 'chats', subscription, total: 1, rows: [{ ...waits, seq: 3 }] });
  await vi.advanceTimersByTimeAsync(10);
  expect([one.open, one.missing, one.passedOn]).toEqual([undefined, 'theirs', true]);
});

test('what I have seen to its end is told as read, once', async () => {
  const { desk: one } = await desk();
  server.welcome([running('a')]);
  server.say({ type: 'resumed', chat: 'a', through: 0, last: 0, marks: { visitor: { delivered: 0, read: 0 } } });
  await vi.advanceTimersByTimeAsync(10);
  server.say(event('a', 1, wrote('Hello'), 0));
  const chat = one.chats.get('a');
  expect(chat?.unread).toBe(1);
  if (chat) one.seen(chat);
  if (chat) one.seen(chat);
  await vi.advanceTimersByTimeAsync(500);
  expect(chat?.unread).toBe(0);
  expect(server.got.filter((frame) => frame.type === 'read').map(({ seq }) => seq)).toEqual([1]);
});

test('a chat that ended while I had it goes to the completed ones', async () => {
  const { desk: one } = await desk();
  server.welcome([running('a')]);
  server.say({ type: 'resumed', chat: 'a', through: 0, last: 0, marks: { visitor: { delivered: 0, read: 0 } } });
  one.router.go({ list: 'ended' });
  await vi.advanceTimersByTimeAsync(10);
  expect(one.lists.ended.state).toBe('there');
  server.say(event('a', 1, ended, 0));
  expect([one.lists.ended.fresh, one.chats.mine.length, one.chats.lingering.length]).toEqual([1, 0, 1]);
});

test('whoever signs out leaves nothing behind on the screen', async () => {
  const { desk: one } = await desk();
  server.welcome([running('a')], [offer('o', 20)]);
  await one.session.signOut();
  one.leave();
  expect([one.chats.mine.length, one.offers.all.length, one.link, one.welcomed]).toEqual([0, 0, null, false]);
});

test('who could not be signed out is still here, is told so, and can try again', async () => {
  const { desk: one } = await desk();
  server.welcome([running('a')]);
  server.logout = 503;
  await one.signOut();
  expect([one.session.state, one.chats.mine.length]).toEqual(['in', 1]);
  const [toast] = one.toasts.all;
  expect([toast?.text, toast?.wrong]).toEqual(['You are still signed in: The server answered 503', true]);
  server.logout = 401;
  toast?.action?.run();
  await vi.advanceTimersByTimeAsync(0);
  expect(one.session.state, 'it had come through, and only the answer was lost').toBe('out');
});

test('whoever takes chats oneself hears when the first one waits, not each of them', async () => {
  const { desk: one } = await desk();
  server.welcome([], [], 'pull');
  const waits = (waiting: number): void =>
    server.say({ type: 'queue', group: 'support', waiting, longest_s: waiting > 0 ? 1 : 0 });
  waits(1);
  waits(2);
  expect(server.notes).toBe(1);
  waits(0);
  server.say({ type: 'status', status: 'away', since: at(1) });
  waits(1);
  expect(server.notes).toBe(1);
  expect(one.queue.waiting).toBe(1);
});

test('a transfer of mine is told when it is over, wherever I look', async () => {
  const { desk: one } = await desk();
  const id = 'a';
  server.welcome([running(id, { seq: 4 })]);
  server.say(
    ...[started, queued, wrote('Is the lamp in stock?'), assigned()].map((kind, index) => event(id, index + 1, kind)),
    { type: 'resumed', chat: id, through: 4, last: 4, marks: { visitor: { delivered: 0, read: 0 } } },
  );
  await vi.advanceTimersByTimeAsync(10);
  const joe = { id: 'op-joe', name: 'Joe Abara' };
  const me = { id: SUE, name: 'Sue Tanaka' };
  server.say(event(id, 5, { kind: 'transfer_denied', operator: joe, why: 'declined' }));
  server.say(
    event(id, 6, { kind: 'transferred', operator: joe.id, name: joe.name, group: 'support', from: me, offer: 'o' }),
  );
  expect(one.toasts.all.map(({ text }) => text)).toEqual([
    'Guest 7: Joe Abara declined the transfer',
    'Guest 7: transferred to Joe Abara',
  ]);
  expect(one.chats.mine).toEqual([]);
});
