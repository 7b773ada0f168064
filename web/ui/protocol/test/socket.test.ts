import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection, type ConnectionState } from '../src/index';
import { sockets } from './fake-socket';

type Any = { type: string; [field: string]: unknown };

function connect(random = () => 0.5) {
  const net = sockets();
  const frames: Any[] = [];
  const states: ConnectionState[] = [];
  let hellos = 0;
  const connection = new Connection<Any, Any>({
    url: 'ws://chat.example/ws/visitor',
    hello: () => ({ type: 'hello', brand: 'demo', nth: ++hellos }),
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    socket: net.make,
    random,
  });
  connection.open();
  return { net, frames, states, connection };
}

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a connection', () => {
  it('asks for the subprotocol, says hello first and is connected once it is welcome', () => {
    const { net, connection } = connect();
    expect(net.last().protocol).toBe('switchboard.v1');
    expect(connection.send({ type: 'say', id: 'a' })).toBe(false);
    net.last().onopen?.({});
    expect(net.last().sent).toEqual([{ type: 'hello', brand: 'demo', nth: 1 }]);
    expect(connection.state.kind).toBe('connecting');
    expect(connection.send({ type: 'say', id: 'a' })).toBe(false);
    net.last().says({ type: 'welcome' });
    expect(connection.state.kind).toBe('connected');
    expect(connection.send({ type: 'say', id: 'a' })).toBe(true);
  });

  it('makes a fresh hello every time it comes back', () => {
    const { net } = connect();
    net.last().welcome();
    net.last().dies(1006);
    vi.advanceTimersByTime(30_000);
    net.last().welcome();
    expect(net.last().sent[0].nth).toBe(2);
  });

  it('keeps beats to itself and hands on all else, even what it does not know', () => {
    const { net, frames } = connect();
    net.last().welcome();
    net.last().says({ type: 'beat' });
    net.last().says({ type: 'confetti' });
    net.last().says('not json');
    net.last().says('[1]');
    expect(frames.map((frame) => frame.type)).toEqual(['welcome', 'confetti']);
  });

  it('leaves a server that says nothing for 45 s, and one that beats it keeps', () => {
    const { net, connection } = connect();
    net.last().welcome();
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(20_000);
      net.last().says({ type: 'beat' });
    }
    expect(net.all).toHaveLength(1);
    vi.advanceTimersByTime(44_000);
    expect(connection.state.kind).toBe('connected');
    vi.advanceTimersByTime(1_000);
    expect(connection.state.kind).toBe('waiting');
    expect(net.all[0]!.closedWith).toBe(1000);
  });

  it('leaves a server that does not answer a command within 10 s, though it beats', () => {
    const { net, connection } = connect();
    net.last().welcome();
    connection.send({ type: 'say', id: 'a' });
    connection.send({ type: 'typing', on: true });
    vi.advanceTimersByTime(9_000);
    net.last().says({ type: 'beat' });
    expect(connection.state.kind).toBe('connected');
    vi.advanceTimersByTime(1_000);
    expect(connection.state.kind).toBe('waiting');
  });

  it.each([
    ['an ack', { type: 'ack', id: 'a' }],
    ['an error', { type: 'error', id: 'a', code: 'invalid', message: '' }],
    ['its own event', { type: 'event', chat: 'c', seq: 1, at: '', event: {}, command: 'a' }],
  ])('takes %s for an answer', (_, answer) => {
    const { net, connection } = connect();
    net.last().welcome();
    connection.send({ type: 'say', id: 'a' });
    net.last().says(answer);
    vi.advanceTimersByTime(20_000);
    expect(connection.state.kind).toBe('connected');
  });

  it('leaves a server that does not welcome it, and a network that does not open', () => {
    const { net, connection } = connect();
    net.last().onopen?.({});
    vi.advanceTimersByTime(10_000);
    expect(connection.state.kind).toBe('waiting');
    connection.retryNow();
    vi.advanceTimersByTime(20_000);
    expect(connection.state.kind).toBe('waiting');
  });

  it('ignores what a socket says that it has left', () => {
    const { net, frames, connection } = connect();
    const first = net.last();
    first.welcome();
    vi.advanceTimersByTime(46_000);
    connection.retryNow();
    first.says({ type: 'late' });
    first.dies(4401);
    expect(frames.map((frame) => frame.type)).toEqual(['welcome']);
    expect(connection.state.kind).toBe('connecting');
  });

  it.each([4400, 4401, 4403, 4409, 4426, 4499])('stops and reports after %i', (code) => {
    const { net, connection } = connect();
    net.last().welcome();
    net.last().dies(code, 'why');
    expect(connection.state).toEqual({ kind: 'stopped', code, reason: 'why' });
    vi.advanceTimersByTime(3_600_000);
    expect(net.all).toHaveLength(1);
    connection.retryNow();
    expect(net.all).toHaveLength(2);
  });

  it.each([1000, 1001, 1006, 1009, 1012, 1013, 4500, 4503, 4599])('comes back after %i', (code) => {
    const { net } = connect();
    net.last().welcome();
    net.last().dies(code);
    vi.advanceTimersByTime(1_000);
    expect(net.all).toHaveLength(2);
  });

  it('waits between half a second and half a minute, longer with every failure', () => {
    const waits = (random: number) => {
      const { net, connection } = connect(() => random);
      return Array.from({ length: 9 }, () => {
        net.last().dies(1006);
        const state = connection.state;
        const wait = state.kind === 'waiting' ? state.retryAt - Date.now() : NaN;
        vi.advanceTimersByTime(wait);
        return wait;
      });
    };
    expect(waits(0)).toEqual(Array(9).fill(500));
    expect(waits(1)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it('begins the back-off anew only after a connection that lasted', () => {
    const { net, connection } = connect(() => 1);
    const wait = () => (connection.state.kind === 'waiting' ? connection.state.retryAt - Date.now() : NaN);
    for (const expected of [1000, 2000, 4000]) {
      net.last().welcome();
      net.last().dies(1013);
      expect(wait()).toBe(expected);
      vi.advanceTimersByTime(expected);
    }
    net.last().welcome();
    vi.advanceTimersByTime(10_000);
    net.last().dies(1013);
    expect(wait()).toBe(1000);
  });

  it('comes back when the draining server said, and hears answers until it closes', () => {
    const { net, frames, connection } = connect();
    net.last().welcome();
    net.last().says({ type: 'reconnect', after_ms: 7_000 });
    net.last().says({ type: 'ack', id: 'a' });
    expect(frames.at(-1)).toEqual({ type: 'ack', id: 'a' });
    vi.advanceTimersByTime(1_000);
    net.last().dies(1012);
    expect(connection.state).toEqual({ kind: 'waiting', retryAt: 1_007_000 });
    vi.advanceTimersByTime(5_999);
    expect(net.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(net.all).toHaveLength(2);
  });

  it('leaves a draining server that forgets to close', () => {
    const { net } = connect();
    net.last().welcome();
    net.last().says({ type: 'reconnect', after_ms: 2_000 });
    vi.advanceTimersByTime(4_000);
    expect(net.all).toHaveLength(2);
  });

  it('tries at once when a person or the browser says so, and not when it is connected', () => {
    const online = new EventTarget();
    vi.stubGlobal('addEventListener', online.addEventListener.bind(online));
    vi.stubGlobal('removeEventListener', online.removeEventListener.bind(online));
    const { net, connection } = connect(() => 1);
    for (let i = 0; i < 8; i++) {
      net.last().dies(1006);
      connection.retryNow();
    }
    net.last().dies(1006);
    vi.advanceTimersByTime(2_000);
    expect(net.all).toHaveLength(9);
    online.dispatchEvent(new Event('online'));
    expect(net.all).toHaveLength(10);
    net.last().welcome();
    online.dispatchEvent(new Event('online'));
    connection.retryNow();
    expect(net.all).toHaveLength(10);
  });

  it('is quiet once closed', () => {
    const { net, connection } = connect();
    net.last().welcome();
    connection.close();
    vi.advanceTimersByTime(3_600_000);
    expect(net.all).toHaveLength(1);
    expect(connection.state.kind).toBe('idle');
    expect(connection.send({ type: 'say', id: 'a' })).toBe(false);
  });
});
