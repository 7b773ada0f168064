import { leaseHolder, memoryShelf } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Client } from '../src/window/client';
import { CHAT, chatting, FakeServer, message, visitor } from './fakes';

beforeEach(() => vi.useFakeTimers({ now: Date.parse('2026-11-21T10:00:00Z') }));
afterEach(() => vi.useRealTimers());

describe('a visitor', () => {
  it('is the same one after a reload', async () => {
    const first = await visitor();
    first.server.welcomes();
    expect(first.server.take('hello')[0]).toEqual({
      type: 'hello', brand: 'demo', page: { url: 'https://shop.example/', title: 'Shop' },
    });
    const second = await visitor(first.shelf);
    second.server.welcomes();
    expect(second.server.take('hello')[0].token).toBe('token-1');
  });

  it('is one visitor though two tabs were opened at the same moment', async () => {
    const { server, shelf, client } = await visitor();
    server.opens();
    shelf.write('switchboard.demo.token', 'the other tab was quicker');
    server.welcomes();
    await vi.advanceTimersByTimeAsync(0);
    expect(client.window).toBeNull();
    expect(server.connections).toBe(2);
    server.welcomes({ token: 'the other tab was quicker' });
    expect(server.take('hello').at(-1).token).toBe('the other tab was quicker');
    expect(client.window?.name).toBe('Larkfield');
  });

  it('gets a new token when the server knows the old one no more', async () => {
    const { server, shelf } = await visitor();
    server.welcomes();
    server.dies();
    vi.advanceTimersByTime(500);
    server.opens();
    server.dies(4401);
    await vi.advanceTimersByTimeAsync(0);
    server.welcomes({ token: 'token-2', visitor: 'visitor-2' });
    expect(server.take('hello').map((hello) => hello.token)).toEqual([undefined, 'token-1', undefined]);
    expect(shelf.read('switchboard.demo.token')).toBe('token-2');
  });

  it('begins a chat and follows it from its first event', async () => {
    const { server, client, texts } = await visitor();
    server.welcomes();
    client.start({ name: 'Clara', question: 'My sofa is broken' });
    const [start] = server.take('start');
    expect(start).toMatchObject({ name: 'Clara', question: 'My sofa is broken' });
    expect(client.starting?.question).toBe('My sofa is broken');
    server.says({ type: 'ack', id: start.id, chat: 'chat-1' });
    expect(client.starting).toBeNull();
    expect(server.take('resume')).toEqual([{ type: 'resume', chat: 'chat-1', after: 0 }]);
    server.event(1, { kind: 'started' });
    server.event(2, message('My sofa is broken', 'visitor'));
    server.says({ type: 'queue', ahead: 2 });
    expect(client.chat?.phase).toBe('waiting');
    expect(client.chat?.ahead).toBe(2);
    expect(texts()).toEqual(['My sofa is broken: sent']);
  });

  it('asks again for a history that could not be given at that moment', async () => {
    const { server, client } = await visitor();
    server.welcomes({ chat: CHAT });
    expect(server.take('resume')).toHaveLength(1);
    server.says({ type: 'error', chat: 'chat-1', code: 'unavailable', message: 'later' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.take('resume')).toEqual([{ type: 'resume', chat: 'chat-1', after: 0 }]);
    server.event(1, { kind: 'started' });
    server.says({ type: 'resumed', chat: 'chat-1', through: 1, last: 1, marks: CHAT.marks });
    expect(client.catchingUp).toBe(false);
  });

  it('sees in a second tab the chat that was begun in the first', async () => {
    const { server, client } = await visitor();
    server.welcomes();
    server.event(1, { kind: 'started' });
    server.event(2, { kind: 'assigned', name: 'Sue Tanaka' });
    expect(client.chat?.id).toBe('chat-1');
    expect(client.chat?.phase).toBe('active');
  });

  it('keeps what was said when the chat waits again, and sees who comes and goes', async () => {
    const { server, client, texts } = await chatting();
    server.event(4, message('One moment'));
    server.event(5, { kind: 'joined', name: 'Joe Abara' });
    server.event(6, { kind: 'left', name: 'Sue Tanaka' });
    expect(client.chat?.operator).toBe('Joe Abara');
    server.says({ type: 'queue', ahead: 3 });
    server.event(7, { kind: 'queued' });
    expect([client.chat?.phase, client.chat?.operator, client.chat?.ahead, client.chat?.served]).toEqual([
      'waiting', null, null, true,
    ]);
    server.says({ type: 'queue', ahead: 1 });
    expect(client.chat?.ahead).toBe(1);
    server.event(8, { kind: 'assigned', name: 'Mona Lind' });
    expect([client.chat?.phase, client.chat?.operator]).toEqual(['active', 'Mona Lind']);
    expect(texts()).toEqual(['My sofa is broken: sent', 'joined', 'One moment: sent', 'joined', 'left', 'queued', 'joined']);
  });

  it('waits for a place in another queue when it is passed on before anybody answered', async () => {
    const { server, client, texts } = await visitor();
    server.welcomes();
    server.event(1, { kind: 'started' });
    server.event(2, { kind: 'queued' });
    server.says({ type: 'queue', ahead: 4, estimate_s: 90, text: 'Sales: {ahead} before you' });
    server.event(3, { kind: 'queued' });
    expect([client.chat?.ahead, client.chat?.estimate, client.chat?.queueText, client.chat?.served]).toEqual([
      null, null, null, false,
    ]);
    expect(texts()).toEqual([]);
  });

  it('brings what the page says of them: in the greeting, and whom they want with the chat', async () => {
    const server = new FakeServer();
    const shelf = memoryShelf();
    const client = new Client({
      brand: 'demo', url: 'ws://chat.example/ws/visitor', shelf, holder: leaseHolder(shelf), socket: server.make, language: 'de',
      random: () => 0, onChange: () => {},
    });
    const operator = '0190a0a0a0a07000800000000000beef';
    client.givenIs({ name: 'Clara', operator, language: 'pt-BR', variables: { tier: 'gold' } });
    await client.open(null);
    server.welcomes();
    expect(server.take('hello')).toEqual([
      { type: 'hello', brand: 'demo', language: 'pt-BR', variables: { tier: 'gold' } },
    ]);
    expect([client.known('name'), client.known('email')]).toEqual(['Clara', '']);
    client.start({ name: 'Clara' });
    expect(server.take('start')).toMatchObject([{ name: 'Clara', operator }]);
    expect(server.connections, 'all was said already').toBe(1);
  });

  it('greets anew when the page says something else, and never while a chat runs', async () => {
    const { server, client } = await visitor();
    server.welcomes();
    client.givenIs({ variables: { cart: 3 } });
    server.welcomes();
    expect(server.connections).toBe(2);
    expect(server.take('hello').at(-1).variables).toEqual({ cart: 3 });
    client.givenIs({ variables: { cart: 3 }, name: 'Clara' });
    expect(server.connections, 'a name is for the form').toBe(2);
    client.start({ question: 'Hello' });
    server.says({ type: 'ack', id: server.take('start')[0].id, chat: 'chat-1' });
    client.givenIs({ variables: { cart: 4 } });
    expect(server.connections, 'the chat keeps what it began with').toBe(2);
    server.event(1, { kind: 'started' });
    server.event(2, { kind: 'ended', by: 'visitor', why: 'closed' });
    client.start({ question: 'And again' });
    expect(server.take('start'), 'not before the greeting').toEqual([]);
    server.welcomes();
    expect(server.take('hello').at(-1).variables).toEqual({ cart: 4 });
    expect(server.take('start')).toMatchObject([{ question: 'And again' }]);
  });

  it('is told when nobody receives, and may try again', async () => {
    const { server, client } = await visitor();
    server.welcomes();
    client.start({ question: 'Hello' });
    const [start] = server.take('start');
    server.says({ type: 'error', id: start.id, code: 'conflict', why: 'offline', message: '' });
    expect(client.startError?.why).toBe('offline');
    expect(client.availability).toBe('offline');
    expect(client.starting).toBeNull();
    client.start({ question: 'Hello' });
    expect(client.startError).toBeNull();
    expect(server.take('start')).toHaveLength(1);
  });

  it('sees each message go from waiting to read, as one line', async () => {
    const { server, client, texts, lines } = await chatting();
    server.dies();
    client.say('Hello');
    expect(texts().at(-1)).toBe('Hello: waiting');
    const key = lines().at(-1)!.key;
    vi.advanceTimersByTime(500);
    server.welcomes({ chat: CHAT });
    const [say] = server.take('say');
    server.says({ type: 'ack', id: say.id, chat: 'chat-1', seq: 4 });
    expect(texts().at(-1)).toBe('Hello: sent');
    server.event(4, message('Hello', 'visitor'), { command: say.id });
    expect(texts().filter((text) => text.startsWith('Hello'))).toEqual(['Hello: sent']);
    server.says({ type: 'delivered', seq: 4 });
    expect(texts().at(-1)).toBe('Hello: delivered');
    server.says({ type: 'read', seq: 4 });
    server.says({ type: 'delivered', seq: 4 });
    expect(texts().at(-1)).toBe('Hello: read');
    expect(lines().at(-1)!.key).toBe(key);
  });

  it('keeps the line of a message whose event comes only with the history', async () => {
    const { server, client, lines } = await chatting();
    client.say('Hello');
    const key = lines().at(-1)!.key;
    const [say] = server.take('say');
    server.says({ type: 'ack', id: say.id, chat: 'chat-1', seq: 4 });
    server.dies();
    vi.advanceTimersByTime(500);
    server.welcomes({ chat: CHAT });
    server.event(4, message('Hello', 'visitor'));
    expect(lines().filter((line) => line.kind === 'message' && line.text === 'Hello').map((line) => line.key)).toEqual([key]);
  });

  it('loses nothing that was written off-line when the page is reloaded', async () => {
    const first = await chatting();
    first.server.dies();
    first.client.say('one');
    first.client.say('two');
    vi.setSystemTime(Date.now() + 91_000); // the page is gone
    const second = await visitor(first.shelf);
    second.server.welcomes({ chat: CHAT });
    expect(second.server.take('say').map((say) => say.text)).toEqual(['one', 'two']);
    expect(second.texts()).toEqual(['one: waiting', 'two: waiting']);
  });

  it('begins no chat that a closed tab asked for long ago, though this one has been open all the time', async () => {
    const { server, client, shelf } = await visitor();
    const closed = await visitor(shelf);
    server.welcomes();
    closed.client.start({ question: 'Hello' });
    vi.setSystemTime(Date.now() + 11 * 60_000); // that tab is gone, and nobody waits there any more
    server.dies();
    vi.advanceTimersByTime(500);
    server.welcomes();
    await vi.advanceTimersByTimeAsync(0);
    expect([server.take('start'), client.starting, shelf.keys('switchboard.demo.outbox')]).toEqual([[], null, []]);
  });

  it('begins the chat that was asked for here, however long the server was away', async () => {
    const { server, client } = await visitor();
    server.welcomes();
    server.dies();
    client.start({ question: 'Hello' });
    vi.setSystemTime(Date.now() + 11 * 60_000);
    vi.advanceTimersByTime(500);
    server.welcomes();
    expect(server.take('start')).toMatchObject([{ question: 'Hello' }]);
  });

  it('does not say in a new chat what was meant for the old one', async () => {
    const { server, client } = await chatting();
    server.dies();
    client.say('for Sue');
    vi.advanceTimersByTime(500);
    server.welcomes({ chat: { ...CHAT, id: 'chat-2' } });
    expect(server.take('say')).toEqual([]);
  });

  it('is told what could not be sent because the chat had ended', async () => {
    const { server, client, texts } = await chatting();
    client.say('too late');
    const [say] = server.take('say');
    server.event(4, { kind: 'ended', by: 'operator', why: 'closed' });
    server.says({ type: 'error', id: say.id, code: 'conflict', why: 'ended', message: '' });
    expect(client.chat?.phase).toBe('ended');
    expect(texts().slice(-2)).toEqual(['ended', 'too late: failed']);
  });

  it('tells delivered on arrival and read only when it is seen', async () => {
    const { server, client } = await chatting();
    server.take('delivered', 'read');
    server.event(4, message('Hello Clara'));
    server.event(5, message('How can I help?'));
    vi.advanceTimersByTime(200);
    expect(server.take('delivered', 'read')).toEqual([{ type: 'delivered', seq: 5 }]);
    expect(client.chat?.unread).toBe(2);
    client.seen(true);
    vi.advanceTimersByTime(200);
    expect(server.take('delivered', 'read')).toEqual([{ type: 'read', seq: 5 }]);
    expect(client.chat?.unread).toBe(0);
    client.seen(false);
    client.seen(true);
    vi.advanceTimersByTime(200);
    expect(server.take('delivered', 'read')).toEqual([]);
  });

  it('tells marks again that a lost connection kept back', async () => {
    const { server, client } = await chatting();
    client.seen(true);
    server.event(4, message('Hello Clara'));
    server.dies();
    vi.advanceTimersByTime(500);
    expect(server.take('read')).toEqual([]);
    server.welcomes({ chat: CHAT });
    vi.advanceTimersByTime(200);
    expect(server.take('read')).toEqual([{ type: 'read', seq: 4 }]);
  });

  it('tells marks again that the server lost before it kept them', async () => {
    const { server, client } = await chatting();
    client.seen(true);
    server.event(4, message('Hello Clara'));
    vi.advanceTimersByTime(200);
    expect(server.take('delivered', 'read')).toEqual([{ type: 'delivered', seq: 4 }, { type: 'read', seq: 4 }]);
    server.dies();
    vi.advanceTimersByTime(500);
    const marks = { ...CHAT.marks, visitor: { delivered: 4, read: 2 } };
    server.welcomes({ chat: { ...CHAT, seq: 4, marks } });
    server.says({ type: 'resumed', chat: 'chat-1', through: 4, last: 4, marks });
    expect(client.chat?.unread, 'what was seen was seen').toBe(0);
    vi.advanceTimersByTime(200);
    expect(server.take('delivered', 'read')).toEqual([{ type: 'read', seq: 4 }]);
    client.seen(true);
    vi.advanceTimersByTime(200);
    expect(server.take('delivered', 'read')).toEqual([]);
  });

  it('tells them again after a reload too, once their message is here', async () => {
    const first = await chatting();
    first.client.seen(true);
    first.server.event(4, message('Hello Clara'));
    vi.advanceTimersByTime(200);
    first.server.dies();
    const { server, client } = await visitor(first.shelf);
    server.welcomes({ chat: CHAT });
    vi.advanceTimersByTime(200);
    expect(server.take('delivered', 'read')).toEqual([]);
    for (const seq of [1, 2, 3]) server.event(seq, { kind: 'started' });
    server.event(4, message('Hello Clara'));
    server.says({ type: 'resumed', chat: 'chat-1', through: 4, last: 4, marks: CHAT.marks });
    vi.advanceTimersByTime(200);
    expect(server.take('delivered', 'read')).toEqual([{ type: 'delivered', seq: 4 }, { type: 'read', seq: 4 }]);
    expect(client.chat?.unread).toBe(0);
  });

  it('has read here what was read in another tab', async () => {
    const { server, client, shelf } = await chatting();
    server.event(4, message('Hello Clara'));
    shelf.write('switchboard.demo.read', 'chat-1 4');
    client.readElsewhere();
    expect(client.chat?.unread).toBe(0);
  });

  it('hears a note for a new message, not for history', async () => {
    const { server, rang } = await visitor();
    server.welcomes({ chat: CHAT });
    server.event(1, { kind: 'started' });
    server.event(2, message('old'));
    server.says({ type: 'resumed', chat: 'chat-1', through: 2, last: 2, marks: CHAT.marks });
    expect(rang()).toBe(0);
    server.event(3, message('new'));
    expect(rang()).toBe(1);
  });

  it('goes on where it was after a lost connection, and misses nothing', async () => {
    const { server, texts } = await chatting();
    server.take('hello');
    server.dies();
    vi.advanceTimersByTime(500);
    server.welcomes({ chat: { ...CHAT, seq: 5 } });
    expect(server.take('hello')[0].resume).toEqual({ chat: 'chat-1', after: 3 });
    server.event(4, message('missed'));
    server.event(4, message('missed'));
    server.event(5, { kind: 'hologram' } as never);
    server.event(6, message('new'));
    expect(texts().slice(-2)).toEqual(['missed: sent', 'new: sent']);
  });

  it('sees somebody write, and not for ever', async () => {
    const { server, client } = await chatting();
    server.says({ type: 'typing', on: true, name: 'Sue' });
    expect(client.typing).toEqual({ name: 'Sue' });
    vi.advanceTimersByTime(10_000);
    expect(client.typing).toBeNull();
    server.says({ type: 'typing', on: true, name: 'Sue' });
    server.event(4, message('There'));
    expect(client.typing).toBeNull();
  });

  it('ends the chat once, however often the button is pressed', async () => {
    const { server, client } = await chatting();
    client.end();
    client.end();
    expect(server.take('end')).toHaveLength(1);
  });

  it('leaves the end behind for good when a new chat is wanted', async () => {
    const { server, client, shelf } = await chatting();
    server.event(4, { kind: 'ended', by: 'operator', why: 'closed' });
    expect(client.dismissed).toBe(false);
    client.dismiss();
    const next = await visitor(shelf);
    next.server.welcomes({ chat: { ...CHAT, state: 'ended' } });
    expect(next.client.dismissed).toBe(true);
  });

  it('is not told again of a chat that ended long ago', async () => {
    const { server, client } = await visitor();
    server.welcomes({ chat: { ...CHAT, state: 'ended' } });
    server.event(1, { kind: 'started' });
    expect(client.dismissed).toBe(false);
    server.event(2, { kind: 'ended', by: 'operator', why: 'closed' }, { at: '2026-11-20T10:00:00.000Z' });
    expect(client.dismissed).toBe(true);
  });

  it('is a stranger after logging out', async () => {
    const { server, client, shelf } = await chatting();
    server.dies();
    client.say('never mind');
    client.logout();
    expect(shelf.keys('switchboard.demo.').filter((key) => !key.includes('outbox'))).toEqual([]);
    server.take('hello');
    server.welcomes({ token: 'token-2', visitor: 'visitor-2' });
    expect(server.take('hello')[0].token).toBeUndefined();
    expect(server.take('say')).toEqual([]);
    expect(client.chat).toBeNull();
  });
});

describe('a message that is left', () => {
  const form = { email: 'clara@larkfield.example', text: 'Where is my sofa?', name: 'Clara' };

  it('outlives the connection and the page, and is thanked for once it is stored', async () => {
    const first = await visitor();
    first.server.welcomes({ state: 'offline' });
    first.client.leaveMessage(form);
    first.client.leaveMessage(form);
    const sent = first.server.take('leave_message');
    expect(sent).toEqual([{ type: 'leave_message', id: sent[0].id, ...form }]);
    first.server.dies();
    vi.advanceTimersByTime(60_000);
    const second = await visitor(first.shelf);
    vi.advanceTimersByTime(60_000);
    second.server.welcomes({ state: 'offline' });
    await vi.advanceTimersByTimeAsync(60_000);
    const all = [...first.server.take('leave_message'), ...second.server.take('leave_message')];
    expect(all.every((one) => one.id === sent[0].id)).toBe(true);
    expect(first.client.leaving?.text).toBe('Where is my sofa?');
    first.server.welcomes({ state: 'offline' });
    first.server.says({ type: 'ack', id: sent[0].id });
    expect([first.client.leaving, first.client.left]).toEqual([null, true]);
    first.client.thanked();
    expect(first.client.left).toBe(false);
  });

  it('says what the server refused', async () => {
    const { server, client } = await visitor();
    server.welcomes({ state: 'offline' });
    client.leaveMessage(form);
    server.says({ type: 'error', id: server.take('leave_message')[0].id, code: 'conflict', why: 'full', message: 'many' });
    expect([client.leaving, client.left, client.leaveError?.why]).toEqual([null, false, 'full']);
  });

  it.each(['timed_out', 'offline', 'sent_to_form', 'group_deleted'] as const)('takes the place of a chat that ended %s', async (why) => {
    const { server, client } = await chatting();
    expect(client.chat?.isForForm).toBe(false);
    server.event(4, { kind: 'ended', by: 'system', why });
    expect(client.chat?.isForForm).toBe(true);
  });

  it.each(['closed', 'left', 'blocked'] as const)('does not take the place of one that ended %s', async (why) => {
    const { server, client } = await chatting();
    server.event(4, { kind: 'ended', by: why === 'closed' ? 'operator' : 'system', why });
    expect(client.chat?.isForForm).toBe(false);
  });
});

describe('the place in the queue', () => {
  it('is told with the wait where that is known, and without where it is not', async () => {
    const { server, client } = await visitor();
    server.welcomes({ chat: { ...CHAT, state: 'waiting', operator: undefined, ahead: 4, about: true, estimate_s: 130 } });
    expect(client.chat).toMatchObject({ ahead: 4, about: true, estimate: 130 });
    server.says({ type: 'queue', ahead: 2, text: '{ahead} before you' });
    expect(client.chat?.queueText).toBe('{ahead} before you');
    server.says({ type: 'queue', ahead: 3 });
    expect(client.chat).toMatchObject({ ahead: 3, about: false, estimate: null });
  });
});
