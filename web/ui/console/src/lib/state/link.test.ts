import { memoryShelf, type OperatorFrame, type Shelf, type Socket } from '@switchboard/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Link } from './link.svelte';
import { event, said, wrote } from './testing';

/** The server's end of a socket. */
class Line implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  got: { type: string; id?: string; text?: string; seq?: number; resume?: unknown }[] = [];
  send(text: string): void {
    this.got.push(JSON.parse(text));
  }
  close(): void {}
  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  welcome(): void {
    this.onopen?.({});
    this.say({ type: 'welcome' });
  }
  cut(code = 1006): void {
    this.onclose?.({ code, reason: '' });
  }
  of(type: string) {
    return this.got.filter((frame) => frame.type === type);
  }
}

let lines: Line[];
let told: string[];

async function link(shelf: Shelf = memoryShelf()): Promise<Link> {
  const one = new Link({
    url: 'ws://test',
    shelf,
    // A tab that is closed lets go of its name at once.
    holder: { hold: () => () => {}, claim: async (_, work) => work() },
    key: 'outbox',
    socket: () => (lines.push(new Line()), lines.at(-1) as Line),
    events: {
      frame: (frame: OperatorFrame) => told.push(frame.type),
      event: (frame) => told.push(`event ${frame.seq}`),
      settled: ({ command }, seq) => told.push(`settled ${command.id} ${seq}`),
      failed: ({ command }, error) => told.push(`failed ${command.id} ${error.code}`),
      following: () => ['a'],
      signedOut: () => told.push('signed out'),
    },
  });
  await one.open();
  return one;
}

const say = (id: string, text = 'Hello') => ({ type: 'say', id, chat: 'a', text, to: 'everyone' }) as const;
const line = (): Line => lines.at(-1) as Line;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  told = [];
});
afterEach(() => vi.useRealTimers());

test('a message that was written without a connection is sent when there is one', async () => {
  const one = await link();
  one.keep(say('m1'));
  expect(one.outgoing.map(({ command }) => command.id)).toEqual(['m1']);
  line().welcome();
  expect(
    line()
      .of('say')
      .map(({ id }) => id),
  ).toEqual(['m1']);
  line().say({ type: 'ack', id: 'm1', chat: 'a', seq: 1 });
  expect(one.outgoing).toEqual([]);
  expect(told).toContain('settled m1 1');
});

test('my own event settles a message as well as its ack does, and only once', async () => {
  const one = await link();
  line().welcome();
  one.keep(say('m1'));
  line().say(event('a', 1, said('Hello'), 1, 'm1'));
  line().say({ type: 'ack', id: 'm1', chat: 'a', seq: 1 });
  expect(one.outgoing).toEqual([]);
  expect(told.filter((what) => what.startsWith('settled'))).toEqual(['settled m1 1']);
});

test('when the server restarts, what it did not confirm is sent again under the same id', async () => {
  const one = await link();
  line().welcome();
  one.keep(say('m1'));
  line().cut();
  expect(one.connected).toBe(false);
  expect(one.lostAt).not.toBeNull();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(lines).toHaveLength(2);
  line().welcome();
  expect(
    line()
      .of('say')
      .map(({ id }) => id),
  ).toEqual(['m1']);
  expect(one.lostAt).toBeNull();
});

test('after a break the history goes on where it was, and a doubled event is not told again', async () => {
  await link();
  line().welcome();
  line().say(event('a', 1, wrote('Hello')));
  line().cut();
  await vi.advanceTimersByTimeAsync(1_500);
  line().welcome();
  expect(line().of('hello')[0]?.resume).toEqual([{ chat: 'a', after: 1 }]);
  line().say(event('a', 1, wrote('Hello')));
  line().say(event('a', 2, wrote('Anybody there?')));
  expect(told.filter((what) => what.startsWith('event'))).toEqual(['event 1', 'event 2']);
});

test('what came and went meanwhile is said for a moment', async () => {
  const one = await link();
  line().welcome();
  line().cut();
  one.keep(say('m1'));
  await vi.advanceTimersByTimeAsync(1_500);
  line().welcome();
  line().say(event('a', 1, wrote('Anybody there?')));
  line().say(event('a', 2, said('Hello'), 2, 'm1'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(one.back).toEqual({ messages: 1, sent: 1 });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(one.back).toBeNull();
});

test('a refused message is told, and does not hold back the next one', async () => {
  const one = await link();
  line().welcome();
  one.keep(say('m1'));
  one.keep(say('m2'));
  line().say({ type: 'error', id: 'm1', code: 'conflict', message: 'the chat is over' });
  line().say({ type: 'ack', id: 'm2', chat: 'a', seq: 2 });
  expect(told).toContain('failed m1 conflict');
  expect(one.outgoing).toEqual([]);
});

test('a message survives a reload of the page', async () => {
  const shelf = memoryShelf();
  const before = await link(shelf);
  before.keep(say('m1', 'Do not lose me'));
  before.close();
  const after = await link(shelf);
  expect(after.outgoing.map(({ command }) => command.type === 'say' && command.text)).toEqual(['Do not lose me']);
});

test('what a window that is closed meanwhile could not send is sent by this one, after its next break', async () => {
  const shelf = memoryShelf();
  const [stays, closes] = [await link(shelf), await link(shelf)];
  const [first] = lines;
  first?.welcome();
  closes.keep(say('m1', 'Do not lose me'));
  closes.close();
  first?.cut();
  await vi.advanceTimersByTimeAsync(1_500);
  line().welcome();
  await vi.advanceTimersByTimeAsync(0);
  expect(
    line()
      .of('say')
      .map(({ id }) => id),
  ).toEqual(['m1']);
  line().say({ type: 'ack', id: 'm1', chat: 'a', seq: 1 });
  expect([stays.outgoing, shelf.keys('outbox')]).toEqual([[], []]);
});

test('a message behind a transfer that could not be asked for is sent once that is through', async () => {
  const one = await link();
  line().welcome();
  const asked = one.requests.ask({ type: 'transfer', chat: 'a', to: { group: 'sales' }, reason: 'sofas' });
  one.keep(say('m1'));
  const transfer = line().of('transfer')[0]?.id;
  for (const id of [transfer, 'm1']) line().say({ type: 'error', id, chat: 'a', code: 'unavailable', message: 'later' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(
    line()
      .of('transfer')
      .map(({ id }) => id),
  ).toEqual([transfer, transfer]);
  line().say({ type: 'ack', id: transfer, chat: 'a', seq: 5 });
  await expect(asked).resolves.toMatchObject({ seq: 5 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(line().of('say').length).toBeGreaterThan(1);
  line().say({ type: 'ack', id: 'm1', chat: 'a', seq: 6 });
  expect(one.outgoing).toEqual([]);
});

test('what this window wants to be told is asked for until it is, once for each connection', async () => {
  const one = await link();
  one.subscribe({ type: 'subscribe', id: 's0', topic: 'left_messages' });
  await vi.advanceTimersByTimeAsync(0);
  line().welcome();
  one.subscribe({ type: 'subscribe', id: 's1', topic: 'group:support' });
  const asked = () =>
    line()
      .of('subscribe')
      .map(({ id }) => id);
  line().say({ type: 'error', id: 's1', code: 'rate_limited', message: 'later', retry_after_ms: 300 });
  await vi.advanceTimersByTimeAsync(300);
  expect(asked()).toEqual(['s1', 's1']);
  line().say({ type: 'error', id: 's1', code: 'unavailable', message: 'later' });
  line().cut();
  await vi.advanceTimersByTimeAsync(1_500);
  line().welcome();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked()).toEqual([]);
  expect(told).not.toContain('error');
});

test('whoever waits for an answer is told when the connection goes', async () => {
  const one = await link();
  line().welcome();
  const answer = one.requests.ask({ type: 'accept', offer: 'o' });
  line().cut();
  await expect(answer).rejects.toMatchObject({ error: { code: 'unavailable' } });
});

test('a session that was ended elsewhere signs this window out', async () => {
  await link();
  line().welcome();
  line().cut(4401);
  expect(told).toContain('signed out');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lines).toHaveLength(1);
});

test('a burst of marks is one mark, and marks wait for the connection', async () => {
  const one = await link();
  one.marks.mark('read', 'a', 3);
  one.marks.mark('read', 'a', 5);
  one.marks.mark('read', 'a', 4);
  await vi.advanceTimersByTimeAsync(500);
  line().welcome();
  expect(
    line()
      .of('read')
      .map(({ seq }) => seq),
  ).toEqual([5]);
  one.marks.mark('read', 'a', 5);
  await vi.advanceTimersByTimeAsync(500);
  expect(line().of('read')).toHaveLength(1);
});

test('a mark that the server lost is sent again', async () => {
  const one = await link();
  line().welcome();
  one.marks.mark('read', 'a', 5);
  await vi.advanceTimersByTimeAsync(500);
  one.marks.known('read', 'a', 2);
  one.marks.mark('read', 'a', 5);
  await vi.advanceTimersByTimeAsync(500);
  expect(
    line()
      .of('read')
      .map(({ seq }) => seq),
  ).toEqual([5, 5]);
});

test('a chat whose history could not be given now is asked for again, and nobody else is bothered', async () => {
  const one = await link();
  line().welcome();
  one.follow('b', 0);
  expect(line().of('resume')).toHaveLength(1);
  line().say({ type: 'error', chat: 'b', code: 'rate_limited', message: 'later', retry_after_ms: 700 });
  vi.advanceTimersByTime(700);
  expect(line().of('resume')).toHaveLength(2);
  expect(told).not.toContain('error');
});
