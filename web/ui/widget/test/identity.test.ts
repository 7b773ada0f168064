import { memoryShelf } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHAT, chatting, visitor } from './fakes';

function signed(sub: string, exp = 1): string {
  return `${btoa('{}')}.${btoa(JSON.stringify({ sub, exp }))}.c2ln`.replaceAll('=', '');
}

/** As the site signs them: for Ann, for Ann again, for Ben. */
const [ANN, ANN_LATER, BEN] = [signed('ann'), signed('ann', 2), signed('ben')];
const IS_ANN = { token: 'token-ann', visitor: 'visitor-ann', verified: true };
const IS_BEN = { token: 'token-ben', visitor: 'visitor-ben', verified: true };
const IS_NOBODY = { token: 'token-nobody', visitor: 'visitor-nobody' };

beforeEach(() => vi.useFakeTimers({ now: Date.parse('2026-11-21T10:00:00Z') }));
afterEach(() => vi.useRealTimers());

/** Ann has a chat, and her connection is lost. */
async function annIsCutOff(shelf = memoryShelf()) {
  const all = await visitor(shelf, { identity: ANN });
  all.server.welcomes({ ...IS_ANN, chat: CHAT });
  all.server.take('hello');
  all.server.dies();
  return all;
}

type Server = Awaited<ReturnType<typeof visitor>>['server'];

/** The connection comes back, and the server believes the identity no more. */
async function refused(server: Server) {
  vi.advanceTimersByTime(500);
  server.welcomes(IS_NOBODY);
  await vi.advanceTimersByTimeAsync(0);
  server.welcomes(IS_NOBODY);
}

const identities = (server: Server) => server.take('hello').map(({ token, identity }) => [token, identity]);

describe('a visitor for whom the site vouches', () => {
  it('for whom the site vouches is kept beside the one for whom nobody does', async () => {
    const { server, client, shelf } = await visitor();
    server.welcomes();
    client.givenIs({ identity: ANN });
    server.welcomes({ token: 'token-ann', visitor: 'visitor-ann', verified: true });
    client.givenIs({});
    server.welcomes();
    client.givenIs({ identity: ANN });
    server.welcomes({ token: 'token-ann', visitor: 'visitor-ann', verified: true });
    const said = server.take('hello').map(({ token, identity }) => [token, identity]);
    expect(said).toEqual([[undefined, undefined], [undefined, ANN], ['token-1', undefined], ['token-ann', ANN]]);
    client.logout();
    expect(shelf.keys('switchboard.demo.')).toEqual([]);
  });

  it('is somebody else at once when the page has signed somebody else', async () => {
    const { server, client } = await visitor();
    server.welcomes();
    client.givenIs({ identity: ANN });
    server.welcomes({ token: 'token-ann', visitor: 'visitor-ann', verified: true, chat: CHAT });
    client.say('meant by Ann');
    server.take('say');
    client.givenIs({ identity: ANN_LATER });
    expect(client.chat?.id, 'a fresh token for the same visitor changes nothing').toBe('chat-1');
    client.givenIs({ identity: BEN });
    expect(client.chat).toBeNull();
    server.welcomes({ token: 'token-ben', visitor: 'visitor-ben', verified: true });
    expect(client.pending).toEqual([]);
    expect(server.take('say')).toEqual([]);
  });

  it('keeps a chat that runs when the page signs who they are in the middle of it', async () => {
    const { server, client } = await chatting();
    server.take('hello');
    client.givenIs({ identity: ANN });
    expect(client.chat?.id).toBe('chat-1');
    expect(server.take('hello')).toEqual([]);
    server.event(4, { kind: 'ended', by: 'visitor', why: 'closed' });
    client.start({ name: 'Ann', question: 'Another one' });
    server.opens();
    expect(server.take('hello').at(-1)).toMatchObject({ identity: ANN });
  });

  it('whose identity is not accepted comes as who they were without it', async () => {
    const { server, client, shelf } = await visitor();
    server.welcomes();
    client.givenIs({ identity: ANN });
    server.welcomes({ token: 'token-nobody', visitor: 'visitor-nobody' });
    await vi.advanceTimersByTimeAsync(0);
    server.welcomes();
    expect(server.take('hello').map(({ token, identity }) => [token, identity])).toEqual([
      [undefined, undefined], [undefined, ANN], ['token-1', undefined],
    ]);
    expect(shelf.read('switchboard.demo.token')).toBe('token-1');
    expect(client.window?.name).toBe('Larkfield');
    client.givenIs({ identity: ANN_LATER });
    server.opens();
    expect(server.take('hello').at(-1)).toMatchObject({ identity: ANN_LATER });
  });

  it('keeps the chat that runs, and what is not sent yet, when the connection is lost after the page has signed them', async () => {
    const { server, client, texts } = await chatting();
    server.take('hello');
    client.givenIs({ identity: ANN });
    server.dies();
    client.say('Are you still there?');
    vi.advanceTimersByTime(500);
    server.welcomes({ chat: CHAT });
    expect(identities(server), 'who is in a chat stays who they are').toEqual([['token-1', undefined]]);
    expect(server.take('say').map((say) => say.text)).toEqual(['Are you still there?']);
    expect(texts().at(-1)).toBe('Are you still there?: waiting');
    server.event(4, { kind: 'ended', by: 'visitor', why: 'closed' });
    client.start({ name: 'Ann', question: 'Another one' });
    server.opens();
    expect(identities(server), 'the next one is begun as the page says').toEqual([[undefined, ANN]]);
  });

  it('begins under the name with which the chat was asked for, though the answer was lost', async () => {
    const { server, client } = await visitor();
    server.welcomes();
    client.start({ question: 'Hello' });
    expect(server.take('start')).toHaveLength(1);
    client.givenIs({ identity: ANN });
    server.dies();
    vi.advanceTimersByTime(500);
    server.welcomes();
    expect(identities(server)).toEqual([[undefined, undefined], ['token-1', undefined]]);
    expect(server.take('start')).toHaveLength(1);
  });

  it('has asked for a chat, and nobody else asks for it again while their identity has run out', async () => {
    const { server, client } = await visitor(memoryShelf(), { identity: ANN });
    server.welcomes(IS_ANN);
    client.start({ question: 'Hello' });
    const asked = server.take('start');
    expect(asked).toHaveLength(1);
    server.dies();
    await refused(server);
    expect([server.take('start'), client.starting]).toEqual([[], null]);
    client.givenIs({ identity: ANN_LATER });
    server.welcomes(IS_ANN);
    expect(server.take('start'), 'the same question again, and so answered as before').toEqual(asked);
    expect(client.starting).toMatchObject({ question: 'Hello' });
    server.welcomes({ ...IS_ANN, chat: CHAT });
    server.says({ type: 'ack', id: asked[0].id, chat: 'chat-1', seq: 1, at: '2026-11-21T10:00:00.000Z' });
    expect([client.starting, client.chat?.id]).toEqual([null, 'chat-1']);
  });

  it('begins no chat on their return that they asked for long ago', async () => {
    const { server, client } = await visitor(memoryShelf(), { identity: ANN });
    server.welcomes(IS_ANN);
    client.start({ question: 'Hello' });
    server.take('start');
    server.dies();
    await refused(server);
    vi.setSystemTime(Date.now() + 11 * 60_000);
    server.dies();
    vi.advanceTimersByTime(500);
    server.welcomes(IS_NOBODY);
    client.givenIs({ identity: ANN_LATER });
    server.welcomes(IS_ANN);
    expect([server.take('start'), client.starting]).toEqual([[], null]);
  });

  it('begins as the page says when the chat was asked for without a connection', async () => {
    const { server, client } = await visitor();
    server.welcomes();
    server.take('hello');
    server.dies();
    client.givenIs({ identity: ANN });
    client.start({ question: 'Hello' });
    vi.advanceTimersByTime(500);
    server.welcomes(IS_ANN);
    expect(identities(server)).toEqual([[undefined, ANN]]);
    expect(server.take('start')).toHaveLength(1);
  });

  it('comes back with a fresh identity in the middle of a chat', async () => {
    const { server, client } = await annIsCutOff();
    client.givenIs({ identity: ANN_LATER });
    vi.advanceTimersByTime(500);
    server.welcomes({ ...IS_ANN, chat: CHAT });
    expect(identities(server)).toEqual([['token-ann', ANN_LATER]]);
    expect(client.chat?.id).toBe('chat-1');
  });

  it('loses no word when the identity ran out: it waits for a fresh one', async () => {
    const { server, client, texts } = await annIsCutOff();
    client.say('Which one was it?');
    await refused(server);
    expect([client.chat, client.pending, server.take('say')], 'nobody else sees or says it').toEqual([null, [], []]);
    client.givenIs({ identity: ANN_LATER });
    server.welcomes({ ...IS_ANN, chat: CHAT });
    expect(identities(server).at(-1)).toEqual(['token-ann', ANN_LATER]);
    expect(server.take('say').map((say) => say.text)).toEqual(['Which one was it?']);
    expect(texts().at(-1)).toBe('Which one was it?: waiting');
  });

  it('whose words wait may chat as somebody new meanwhile, and end that chat', async () => {
    const { server, client } = await annIsCutOff();
    client.say('for Sue');
    client.end();
    await refused(server);
    client.start({ question: 'Hello' });
    server.says({ type: 'ack', id: server.take('start')[0].id, chat: 'chat-2' });
    expect(client.ending).toBe(false);
    client.say('And this');
    client.end();
    expect(client.ending).toBe(true);
    expect(server.take('say', 'end').map(({ type, text }) => text ?? type)).toEqual(['And this', 'end']);
  });

  it('finds the words of an earlier page, though that page had no fresh identity', async () => {
    const { client, shelf } = await annIsCutOff();
    client.say('Which one was it?');
    vi.setSystemTime(Date.now() + 91_000); // the page is gone
    const stranger = await visitor(shelf, { identity: ANN });
    await refused(stranger.server);
    expect(stranger.server.take('say')).toEqual([]);
    vi.setSystemTime(Date.now() + 91_000);
    const later = await visitor(shelf, { identity: ANN_LATER });
    later.server.welcomes({ ...IS_ANN, chat: CHAT });
    expect(later.server.take('say').map((say) => say.text)).toEqual(['Which one was it?']);
  });

  it('is met as the page says, though it said so while the connection was being made', async () => {
    const { server, client, texts } = await annIsCutOff();
    client.say('Which one was it?');
    vi.advanceTimersByTime(500);
    server.welcomes(IS_NOBODY);
    await vi.advanceTimersByTimeAsync(0);
    server.opens();
    client.givenIs({ identity: ANN_LATER });
    server.welcomes(IS_NOBODY);
    await vi.advanceTimersByTimeAsync(0);
    server.welcomes({ ...IS_ANN, chat: CHAT });
    expect(identities(server).at(-1)).toEqual(['token-ann', ANN_LATER]);
    expect(texts().at(-1)).toBe('Which one was it?: waiting');
  });

  it('is not the one who says what a closed page of somebody else left behind', async () => {
    const shelf = memoryShelf();
    const ann = await annIsCutOff(shelf);
    const ben = await visitor(shelf, { identity: BEN });
    ben.server.welcomes({ ...IS_BEN, chat: { ...CHAT, id: 'chat-2' } });
    ann.client.say('meant by Ann');
    vi.setSystemTime(Date.now() + 91_000); // Ann's page is gone
    ben.server.dies();
    vi.advanceTimersByTime(500);
    ben.server.welcomes({ ...IS_BEN, chat: { ...CHAT, id: 'chat-2' } });
    await vi.advanceTimersByTimeAsync(0);
    expect([ben.server.take('say'), ben.client.pending]).toEqual([[], []]);
  });

  it('is waited for a day, and with the last words only', async () => {
    const { server, client, shelf } = await annIsCutOff();
    for (let n = 1; n <= 30; n++) client.say(`word ${n}`);
    await refused(server);
    client.givenIs({ identity: ANN_LATER });
    server.welcomes({ ...IS_ANN, chat: CHAT });
    const said = server.take('say').map((say) => say.text);
    expect([said.length, said[0], said.at(-1)]).toEqual([20, 'word 11', 'word 30']);
    server.dies();
    await refusedAgain();
    vi.setSystemTime(Date.now() + 25 * 60 * 60_000);
    const later = await visitor(shelf, { identity: ANN_LATER });
    later.server.welcomes(IS_NOBODY);
    await vi.advanceTimersByTimeAsync(0);
    later.server.welcomes(IS_NOBODY);
    expect(shelf.keys('switchboard.demo.outbox')).toEqual([]);

    async function refusedAgain() {
      client.say('one more');
      await refused(server);
      expect(shelf.keys('switchboard.demo.outbox')).toHaveLength(1);
    }
  });

  it('finds their own chat again after somebody else was here without signing out', async () => {
    const { server, client, shelf } = await visitor(memoryShelf(), { identity: ANN });
    server.welcomes({ ...IS_ANN, chat: CHAT });
    server.dies();
    client.say('meant by Ann');
    client.givenIs({ identity: BEN });
    server.welcomes(IS_BEN);
    expect([client.chat, server.take('say')]).toEqual([null, []]);
    client.givenIs({ identity: ANN_LATER });
    server.welcomes({ ...IS_ANN, chat: CHAT });
    expect(identities(server)).toEqual([[undefined, ANN], [undefined, BEN], ['token-ann', ANN_LATER]]);
    expect(client.chat?.id).toBe('chat-1');
    expect(server.take('say').map((say) => say.text)).toEqual(['meant by Ann']);
    expect(shelf.read('switchboard.demo.verified'), 'no names lie about').not.toMatch(/"(ann|ben)"/);
    client.logout();
    expect(shelf.keys('switchboard.demo.')).toEqual([]);
  });

  it('is forgotten when many others were here since', async () => {
    const { server, client } = await visitor(memoryShelf(), { identity: ANN });
    server.welcomes(IS_ANN);
    for (let n = 1; n <= 8; n++) {
      client.givenIs({ identity: signed(`customer-${n}`) });
      server.welcomes({ token: `token-${n}`, visitor: `visitor-${n}`, verified: true });
    }
    client.givenIs({ identity: ANN });
    server.welcomes(IS_ANN);
    client.givenIs({ identity: signed('customer-8') });
    server.opens();
    expect(identities(server).slice(-2)).toEqual([[undefined, ANN], ['token-8', signed('customer-8')]]);
  });

  it('is let go in this tab when another tab signs out', async () => {
    const { server, client, shelf } = await annIsCutOff();
    client.say('never mind');
    await refused(server);
    server.take('hello');
    for (const key of shelf.keys('switchboard.demo.')) if (!key.includes('outbox')) shelf.remove(key);
    client.forgottenElsewhere();
    client.tokenGone();
    server.opens();
    expect(identities(server)).toEqual([[undefined, undefined]]);
    expect(shelf.keys('switchboard.demo.outbox')).toEqual([]);
  });

  it('is not disturbed when another tab lets go of another visitor', async () => {
    const { server, client, shelf } = await chatting();
    shelf.remove('switchboard.demo.verified');
    client.tokenGone();
    expect([server.connections, client.chat?.id]).toEqual([1, 'chat-1']);
  });
});
