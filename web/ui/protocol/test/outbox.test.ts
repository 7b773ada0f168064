import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leaseHolder, lockHolder, memoryShelf, newId, Outbox, type Command, type Entry, type Holder, type Shelf } from '../src/index';

type Say = Command & { text?: string };

function outbox(extra: { shelf?: Shelf; holder?: Holder; limit?: number; offline?: boolean; fits?: (entry: Entry<Say>) => boolean } = {}) {
  const sent: string[] = [];
  const settled: string[] = [];
  const failed: string[] = [];
  const box = new Outbox<Say>({
    send: (command) => {
      sent.push(command.id);
      return true;
    },
    onSettled: (entry) => settled.push(entry.command.id),
    onFailed: (entry, error) => failed.push(`${entry.command.id} ${error.code}`),
    random: () => 1,
    ...extra,
  });
  if (!extra.offline) box.connected();
  const say = (id: string, chat?: string): string => box.add({ type: 'say', id, text: 'x', ...(chat ? { chat } : {}) });
  const ack = (id: string): boolean => box.handle({ type: 'ack', id } as { type: string });
  const error = (id: string, code: string, more = {}): boolean =>
    box.handle({ type: 'error', id, code, message: '', ...more } as { type: string });
  const left = (): string[] => box.entries.map((entry) => entry.command.id);
  /** What was sent since the last look. */
  const news = (): string[] => sent.splice(0);
  return { box, say, ack, error, left, news, settled, failed };
}

/** Web Locks for several tabs of one browser: a tab that is closed lets go. */
function browserLocks() {
  const held = new Set<string>();
  const locks = {
    async request(name: string, second: unknown, third?: unknown) {
      const work = (third ?? second) as (lock: unknown) => unknown;
      if (held.has(name)) return work(null);
      held.add(name);
      try {
        return await work({ name });
      } finally {
        held.delete(name);
      }
    },
  } as unknown as LockManager;
  return { locks, held };
}

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('an outbox', () => {
  it('sends in order and keeps each command until it is settled', () => {
    const { say, ack, left, news, settled } = outbox();
    say('a');
    say('b');
    expect(news()).toEqual(['a', 'b']);
    expect(left()).toEqual(['a', 'b']);
    expect(ack('a')).toBe(true);
    expect(ack('a')).toBe(false);
    expect(ack('stranger')).toBe(false);
    expect(left()).toEqual(['b']);
    expect(settled).toEqual(['a']);
  });

  it('takes the own event for an answer as well, and settles only once', () => {
    const { box, say, ack, settled } = outbox();
    say('a');
    const event = { type: 'event', chat: 'c', seq: 3, at: '', event: {}, command: 'a' };
    expect(box.handle(event)).toBe(true);
    expect(ack('a')).toBe(false);
    expect(settled).toEqual(['a']);
    expect(box.handle({ ...event, command: undefined } as { type: string })).toBe(false);
  });

  it('sends nothing without a connection, and everything unsettled again with the same ids after one', () => {
    const { box, say, ack, news } = outbox({ offline: true });
    say('a');
    say('b');
    expect(news()).toEqual([]);
    box.connected();
    expect(news()).toEqual(['a', 'b']);
    ack('a');
    box.disconnected();
    say('c');
    box.connected();
    expect(news()).toEqual(['b', 'c']);
  });

  it('sends the failed one first and then the later ones in order', () => {
    const { say, ack, error, left, news, failed } = outbox();
    ['a', 'b', 'c'].forEach((id) => say(id));
    news();
    ack('a');
    error('b', 'unavailable');
    error('c', 'unavailable');
    say('d');
    vi.advanceTimersByTime(999);
    expect(news()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(news()).toEqual(['b', 'c', 'd']);
    expect(left()).toEqual(['b', 'c', 'd']);
    expect(failed).toEqual([]);
  });

  it('waits as long as the server says, and longer with every failure where it does not', () => {
    const { say, ack, error, news } = outbox();
    say('a');
    news();
    error('a', 'rate_limited', { retry_after_ms: 3_210 });
    vi.advanceTimersByTime(3_209);
    expect(news()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(news()).toEqual(['a']);
    for (const wait of [1_000, 2_000, 4_000]) {
      error('a', 'internal');
      vi.advanceTimersByTime(wait - 1);
      expect(news()).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(news()).toEqual(['a']);
    }
    ack('a');
    say('b');
    news();
    error('b', 'internal');
    vi.advanceTimersByTime(1_000);
    expect(news()).toEqual(['b']);
  });

  it('holds an earlier one too when its failure comes after a later one’s', () => {
    const { say, error, news } = outbox();
    say('a');
    say('b');
    news();
    error('b', 'rate_limited', { retry_after_ms: 100 });
    error('a', 'unavailable');
    vi.advanceTimersByTime(999);
    expect(news()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(news()).toEqual(['a', 'b']);
  });

  it('holds only the chat that failed', () => {
    const { say, error, news } = outbox();
    say('a', 'one');
    say('b', 'two');
    news();
    error('a', 'unavailable');
    say('c', 'one');
    say('d', 'two');
    expect(news()).toEqual(['d']);
    vi.advanceTimersByTime(1_000);
    expect(news()).toEqual(['a', 'c']);
  });

  it.each([
    ['invalid', {}],
    ['forbidden', {}],
    ['conflict', { why: 'ended' }],
    ['not_found', {}],
    ['internal', { final: true }],
  ])('drops only the command that is refused with %s, and reports it', (code, more) => {
    const { say, error, left, news, failed } = outbox();
    say('a');
    say('b');
    news();
    error('a', code, more);
    expect(left()).toEqual(['b']);
    expect(failed).toEqual([`a ${code}`]);
    vi.advanceTimersByTime(60_000);
    expect(news()).toEqual([]);
  });

  it('is bounded, and refuses what no frame can hold', () => {
    const { box, say, left } = outbox({ limit: 2 });
    expect(box.add({ type: 'say', id: 'big', text: 'ä'.repeat(33_000) })).toBe('too_large');
    expect(say('a')).toBe('queued');
    expect(say('b')).toBe('queued');
    expect(say('c')).toBe('full');
    expect(left()).toEqual(['a', 'b']);
  });

  it('drops what is of no use any more', () => {
    const { box, say, left } = outbox();
    say('a');
    box.add({ type: 'say', id: 'b' }, 'old chat');
    expect(box.retain((entry) => entry.scope !== 'old chat').map((entry) => entry.command.id)).toEqual(['b']);
    expect(left()).toEqual(['a']);
  });
});

describe('an outbox that several tabs share', () => {
  it('survives a reload: the next page sends what the last one could not', async () => {
    const shelf = memoryShelf();
    const { locks, held } = browserLocks();
    const first = outbox({ shelf, holder: lockHolder(locks), offline: true });
    await first.box.claim();
    first.say('a');
    first.say('b');
    held.clear(); // the page is gone
    const second = outbox({ shelf, holder: lockHolder(locks), offline: true });
    second.say('c');
    await second.box.claim();
    second.box.connected();
    expect(second.news()).toEqual(['a', 'b', 'c']);
    ['a', 'b', 'c'].forEach((id) => second.ack(id));
    expect(shelf.keys('outbox.')).toEqual([]);
  });

  it('leaves the entries of a tab that is still open alone', async () => {
    const shelf = memoryShelf();
    const { locks } = browserLocks();
    const first = outbox({ shelf, holder: lockHolder(locks), offline: true });
    await first.box.claim();
    first.say('a');
    const second = outbox({ shelf, holder: lockHolder(locks) });
    await second.box.claim();
    expect(second.left()).toEqual([]);
    expect(second.ack('a')).toBe(false);
    expect(first.left()).toEqual(['a']);
    first.box.close();
    await vi.advanceTimersByTimeAsync(0);
    await second.box.claim();
    expect(second.news()).toEqual(['a']);
  });

  it('takes each entry over once, even if it is found twice', async () => {
    const shelf = memoryShelf();
    const { locks } = browserLocks();
    const entry = JSON.stringify([{ command: { type: 'say', id: 'a' }, scope: '', at: 1 }]);
    shelf.write('outbox.one', entry);
    shelf.write('outbox.two', entry);
    shelf.write('outbox.bad', '{"not":"a list"}');
    shelf.write('outbox.worse', '[{"command":{"type":"say","id":"of nothing"},"at":1},null]');
    const tab = outbox({ shelf, holder: lockHolder(locks) });
    await tab.box.claim();
    expect(tab.left()).toEqual(['a']);
    expect(shelf.keys('outbox.')).toHaveLength(1);
  });

  it('does without Web Locks: a lease that is not renewed runs out', async () => {
    const shelf = memoryShelf();
    const first = outbox({ shelf, holder: leaseHolder(shelf), offline: true });
    await first.box.claim();
    first.say('a');
    vi.advanceTimersByTime(60_000);
    const second = outbox({ shelf, holder: leaseHolder(shelf) });
    await second.box.claim();
    expect(second.left()).toEqual([]);
    vi.setSystemTime(Date.now() + 90_000); // the first tab has crashed: its timers ran no more
    await second.box.claim();
    expect(second.left()).toEqual(['a']);
  });

  it('keeps what may not be sent now, holds up nothing by it, and sends it in its place once it may', () => {
    let away = true;
    const { box, say, left, news } = outbox({ fits: ({ command }) => !away || command.id !== 'a' });
    say('a');
    say('b');
    expect([news(), left()]).toEqual([['b'], ['a', 'b']]);
    box.disconnected();
    away = false;
    box.connected();
    expect(news()).toEqual(['a', 'b']);
  });

  it('goes on from memory when there is no room', () => {
    const shelf: Shelf = { ...memoryShelf(), write: () => false };
    const { say, left, news } = outbox({ shelf });
    say('a');
    expect(left()).toEqual(['a']);
    expect(news()).toEqual(['a']);
  });
});

describe('a new id', () => {
  it('is a UUIDv7 that orders by time', () => {
    const [early, late] = [newId(1_700_000_000_000), newId(1_700_000_000_001)];
    expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(early < late).toBe(true);
    expect(parseInt(early.replaceAll('-', '').slice(0, 12), 16)).toBe(1_700_000_000_000);
    expect(newId()).not.toBe(newId());
  });
});
