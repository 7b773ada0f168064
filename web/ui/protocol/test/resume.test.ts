import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Positions, type ErrorFrame, type EventFrame, type Resume } from '../src/index';

type Kind = { kind: string };

function positions() {
  const seen: string[] = [];
  const asked: Resume[] = [];
  const caughtUp: string[] = [];
  const book = new Positions<Kind>({
    ask: (resume) => asked.push(resume),
    onEvent: (frame) => seen.push(`${frame.chat}${frame.seq}`),
    onCaughtUp: (chat) => caughtUp.push(chat),
  });
  const event = (chat: string, seq: number, kind = 'message'): void =>
    book.event({ type: 'event', chat, seq, at: '', event: { kind } } satisfies EventFrame<Kind>);
  const resumed = (chat: string, through: number, last: number): void =>
    book.resumed({ type: 'resumed', chat, through, last, marks: {} });
  return { book, seen, asked, caughtUp, event, resumed };
}

describe('positions', () => {
  it('give out each event once and in order, whatever the chat', () => {
    const { seen, event, book } = positions();
    event('a', 1);
    event('b', 1);
    event('a', 2);
    event('a', 2);
    event('a', 1);
    event('a', 3);
    expect(seen).toEqual(['a1', 'b1', 'a2', 'a3']);
    expect(book.last('a')).toBe(3);
  });

  it('ask once for what is missing, from the last event that is known', () => {
    const { seen, asked, event, resumed } = positions();
    event('a', 1);
    event('a', 4);
    event('a', 5);
    expect(asked).toEqual([{ chat: 'a', after: 1 }]);
    expect(seen).toEqual(['a1']);
    for (const seq of [2, 3, 4, 5]) event('a', seq);
    resumed('a', 5, 5);
    event('a', 6);
    expect(seen).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6']);
    expect(asked).toHaveLength(1);
  });

  it('ask page after page until they have caught up', () => {
    const { book, asked, caughtUp, event, resumed } = positions();
    book.follow('a');
    for (let seq = 1; seq <= 200; seq++) event('a', seq);
    resumed('a', 200, 250);
    expect(caughtUp).toEqual([]);
    expect(book.catchingUp('a')).toBe(true);
    for (let seq = 201; seq <= 250; seq++) event('a', seq);
    resumed('a', 250, 250);
    expect(asked).toEqual([{ chat: 'a', after: 0 }, { chat: 'a', after: 200 }]);
    expect(caughtUp).toEqual(['a']);
  });

  it('count events of a kind that nobody knows', () => {
    const { book, asked, event } = positions();
    event('a', 1, 'hologram');
    event('a', 2);
    expect(book.last('a')).toBe(2);
    expect(asked).toEqual([]);
  });

  it('go on in the next hello from where they were, and ask again what was under way', () => {
    const { book, asked, event, resumed } = positions();
    event('a', 1);
    event('a', 3);
    book.disconnected();
    expect(book.forHello()).toEqual([{ chat: 'a', after: 1 }]);
    event('a', 9);
    event('a', 2);
    event('a', 3);
    resumed('a', 3, 3);
    event('a', 5);
    expect(asked).toEqual([{ chat: 'a', after: 1 }, { chat: 'a', after: 3 }]);
  });

  it('ask again after a disconnection even if the first answer never came', () => {
    const { book, asked, event } = positions();
    event('a', 2);
    book.disconnected();
    event('a', 2);
    expect(asked).toHaveLength(2);
  });

  it('do not follow twice, and begin anew what was forgotten', () => {
    const { book, asked, event, seen } = positions();
    book.follow('a');
    book.follow('a');
    expect(asked).toHaveLength(1);
    event('a', 1);
    book.forget('a');
    event('a', 1);
    expect(seen).toEqual(['a1', 'a1']);
  });

  it('ask again, on another connection, for what its hello did not name', () => {
    const { book, asked, seen, event, resumed } = positions();
    book.follow('a');
    event('a', 1);
    resumed('a', 1, 2);
    book.disconnected();
    asked.splice(0);
    expect(book.forHello([])).toEqual([]);
    book.follow('a');
    book.follow('a');
    expect(asked).toEqual([{ chat: 'a', after: 1 }]);
    event('a', 2);
    resumed('a', 2, 2);
    book.follow('a');
    expect([seen, asked.length], 'and not when it is there').toEqual([['a1', 'a2'], 1]);
  });

  it('do not ask for what the hello has named', () => {
    const { book, asked, event } = positions();
    event('a', 1);
    book.disconnected();
    book.forHello(['a']);
    book.follow('a');
    expect(asked).toEqual([]);
  });

  it('name as many chats in a hello as the server takes, and ask for the others after it', () => {
    const { book, asked, event } = positions();
    const all = Array.from({ length: 515 }, (_, number) => `chat-${number}`);
    for (const chat of all) event(chat, 1);
    book.disconnected();
    const named = book.forHello(['stranger', ...all]).map(({ chat }) => chat);
    expect([named.length, named.at(-1)]).toEqual([512, 'chat-511']);
    for (const chat of all) book.follow(chat);
    expect(asked).toEqual(['chat-512', 'chat-513', 'chat-514'].map((chat) => ({ chat, after: 1 })));
  });

  it('do not ask for ever when a page brings nothing', () => {
    const { book, asked, caughtUp, resumed } = positions();
    book.follow('a');
    resumed('a', 0, 9);
    expect(asked).toHaveLength(1);
    expect(caughtUp).toEqual(['a']);
    book.follow('b');
    resumed('b', 4, 9);
    expect(asked.at(-1)).toEqual({ chat: 'b', after: 4 });
  });

  describe('of a question that was refused', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    const refusal = (code: ErrorFrame['code'], more: Partial<ErrorFrame> = {}): ErrorFrame =>
      ({ type: 'error', chat: 'a', code, message: '', ...more });

    it('ask the same again after the time that the server names', () => {
      const { book, asked, seen, event, resumed } = positions();
      book.follow('a');
      expect(book.refused(refusal('rate_limited', { retry_after_ms: 700 }))).toBe(true);
      event('a', 3);
      vi.advanceTimersByTime(699);
      expect(asked).toHaveLength(1);
      vi.advanceTimersByTime(1);
      expect(asked).toEqual([{ chat: 'a', after: 0 }, { chat: 'a', after: 0 }]);
      for (const seq of [1, 2, 3]) event('a', seq);
      resumed('a', 3, 3);
      vi.advanceTimersByTime(60_000);
      expect([seen, asked.length]).toEqual([['a1', 'a2', 'a3'], 2]);
    });

    it('ask again, more and more seldom, while the server cannot say', () => {
      const { book, asked } = positions();
      book.follow('a');
      for (let tries = 2; tries < 6; tries++) {
        book.refused(refusal('unavailable'));
        vi.advanceTimersByTime(60_000);
        expect(asked).toHaveLength(tries);
      }
    });

    it('do not ask again for what is not there, nor on a connection that is gone', () => {
      const { book, asked, caughtUp } = positions();
      book.follow('a');
      book.refused(refusal('not_found'));
      expect(caughtUp).toEqual(['a']);
      book.follow('b');
      book.refused(refusal('unavailable', { chat: 'b' }));
      book.disconnected();
      vi.advanceTimersByTime(60_000);
      expect(asked).toHaveLength(2);
    });

    it('ask anew when somebody wants again what was not to be had', () => {
      const { book, asked } = positions();
      book.follow('a');
      book.refused(refusal('not_found'));
      book.follow('a');
      expect(asked).toHaveLength(2);
    });

    it('leave the answers to commands, and to what nobody asked, to others', () => {
      const { book } = positions();
      book.follow('a');
      expect(book.refused(refusal('unavailable', { id: 'say-1' }))).toBe(false);
      expect(book.refused(refusal('unavailable', { chat: 'b' }))).toBe(false);
    });
  });
});
