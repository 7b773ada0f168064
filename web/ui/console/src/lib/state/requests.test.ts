import type { AckFrame, ErrorFrame, OperatorCommand } from '@switchboard/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Requests } from './requests';

type Sent = OperatorCommand & { id: string; chat?: string; offer?: string; status?: string };

/** A server as the contract has it: what failed for now blocks its chat until the same id comes again. */
class Server {
  /** What cannot be done now. */
  full = false;
  readonly got: string[] = [];
  readonly done: string[] = [];
  readonly requests = new Requests((command) => this.#hear(command as Sent));
  readonly #blocked = new Map<string, string>();

  constructor() {
    this.requests.connected();
  }

  /** The chat of an offer stands in its name, as far as this server goes. */
  #hear(command: Sent): boolean {
    const { id, type, chat, offer, status } = command;
    const of = chat ?? offer ?? '';
    const what = [type, offer ?? chat, status].filter(Boolean).join(' ');
    this.got.push(`${id} ${what}`);
    const waits = this.#blocked.get(of) ?? id;
    if (this.full || waits !== id) {
      this.#blocked.set(of, waits);
      this.#say({ type: 'error', id, code: 'unavailable', message: 'not known whether it was stored' });
    } else {
      this.#blocked.delete(of);
      this.done.push(what);
      this.#say({ type: 'ack', id });
    }
    return true;
  }

  #say(frame: AckFrame | ErrorFrame): void {
    queueMicrotask(() => this.requests.handle(frame));
  }

  get ids(): string[] {
    return [...new Set(this.got.map((one) => one.split(' ')[0] ?? ''))];
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('what the server cannot do now is asked again under the same id, and done once it can', async () => {
  const server = new Server();
  const held = vi.fn();
  server.full = true;
  const accepted = server.requests.ask({ type: 'accept', offer: 'o' }, held);
  await pass(20_000);
  expect([server.ids.length, server.got.length > 3, held.mock.calls.length]).toEqual([1, true, 1]);
  server.full = false;
  await pass(5_000);
  await expect(accepted).resolves.toMatchObject({ type: 'ack' });
  const settled = server.got.length;
  await pass(60_000);
  expect([server.done, server.got.length]).toEqual([['accept o'], settled]);
});

test('nothing of a chat is held up for good by what failed in it once', async () => {
  const server = new Server();
  server.full = true;
  const all = [
    server.requests.ask({ type: 'transfer', chat: 'a', to: { group: 'sales' }, reason: 'sofas' }),
    server.requests.ask({ type: 'leave', chat: 'a' }),
  ];
  await pass(1_000);
  server.full = false;
  all.push(server.requests.ask({ type: 'take', chat: 'a' }));
  await pass(10_000);
  expect(server.done, 'in the order in which it was asked').toEqual(['transfer a', 'leave a', 'take a']);
  await expect(Promise.all(all)).resolves.toHaveLength(3);
});

test('of two that were asked for in a row the second one stands', async () => {
  const server = new Server();
  server.full = true;
  void server.requests.ask({ type: 'status', status: 'online' });
  await pass(100);
  void server.requests.ask({ type: 'status', status: 'away' });
  void server.requests.settle({ type: 'subscribe', id: 'list', topic: 'chats' });
  await pass(3_000);
  server.full = false;
  await pass(10_000);
  expect(server.done).toEqual(['status online', 'status away', 'subscribe']);
});

test('an offer that cannot be answered now holds up no status and no other offer', async () => {
  const server = new Server();
  server.full = true;
  void server.requests.ask({ type: 'accept', offer: 'one' });
  await pass(0);
  server.full = false;
  await server.requests.ask({ type: 'status', status: 'away' });
  await server.requests.ask({ type: 'decline', offer: 'two' });
  expect(server.done).toEqual(['status away', 'decline two']);
});

test('a refusal is final, and so is the end of the connection', async () => {
  const server = new Server();
  const { requests } = server;
  server.full = true;
  const asked = requests.ask({ type: 'take', chat: 'a' });
  const id = server.ids[0] ?? '';
  requests.handle({ type: 'error', id, code: 'conflict', why: 'taken', by: 'Bob', message: 'taken' });
  await expect(asked).rejects.toMatchObject({ error: { why: 'taken', by: 'Bob' } });
  const lost = requests.ask({ type: 'take', chat: 'b' });
  await pass(100);
  requests.disconnected();
  await expect(lost).rejects.toMatchObject({ error: { code: 'unavailable' } });
  await expect(requests.ask({ type: 'take', chat: 'c' }), 'not even tried').rejects.toMatchObject({ error: { code: 'unavailable' } });
  server.full = false;
  requests.connected();
  await pass(60_000);
  expect(server.done, 'whoever wants it still asks again').toEqual([]);
});

test('who is too quick waits, and nothing is said of it', async () => {
  const server = new Server();
  const held = vi.fn();
  server.full = true;
  const asked = server.requests.ask({ type: 'take', chat: 'a' }, held);
  const id = server.ids[0] ?? '';
  server.requests.handle({ type: 'error', id, code: 'rate_limited', retry_after_ms: 700, message: 'later' });
  server.full = false;
  await pass(700);
  await asked;
  expect(held).not.toHaveBeenCalled();
});
