import type { OperatorNow } from '@switchboard/protocol';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Link } from '../state/link.svelte';
import { Router, type SectionId } from '../state/router.svelte';
import type { Member } from './members';
import { Settings } from './settings.svelte';
import { StaffServer } from './testing';

interface Hint {
  type: string;
  topic: string;
}

/** The settings of somebody with a connection, on the page of one thing. */
async function looking(section: SectionId, id: string) {
  const server = new StaffServer();
  const settings = new Settings(server.http, new Router());
  const hints: Hint[] = [];
  const link = { subscribe: (hint: Hint) => hints.push(hint) } as unknown as Link;
  settings.connected(link);
  const go = async (section: SectionId, id: string | null): Promise<void> => {
    settings.moved({ list: 'active', chat: null, settings: { section, id } });
    await vi.waitFor(() => expect(settings.editor?.state ?? 'there').toBe('there'));
  };
  await go(section, id);
  const asked = () => hints.splice(0).flatMap(({ type, topic }) => (topic === 'chats' ? [] : [`${type} ${topic}`]));
  return { server, settings, link, go, asked };
}

const now = (operator: string, groups: OperatorNow['groups'], change: Partial<OperatorNow> = {}): OperatorNow => ({
  operator,
  status: 'online',
  since: '2026-11-21T09:00:00Z',
  groups,
  ...change,
});
const from = (group: string, active: boolean, left_out = false) => ({ group, active, left_out });
const told = (topic: string, ...operators: OperatorNow[]) => ({ type: 'operators', topic, operators, gone: [] as string[] }) as const;

beforeEach(() => void vi.useRealTimers());

test('what others set is shown on the open page of a group, and what is written there stays', async () => {
  const { settings, asked } = await looking('groups', 'support');
  const form = settings.editor?.form;
  const member = (id: string) => form?.values[`member:${id}`] as Member;
  expect(asked()).toEqual(['subscribe members:support']);
  settings.editor?.set('member:joe', { ...member('joe'), handling: 'pull' });
  settings.told(told('members:support', now('joe', [from('support', false)]), now('sue', [from('support', true)])));
  expect([member('joe'), member('sue').active]).toEqual([{ handling: 'pull', limit: '', active: false }, true]);
  expect(form?.changed, 'the handling is still to be saved, and nothing else').toEqual(['member:joe']);
  settings.told(told('members:support', now('sue', [from('support', false)], { status: 'away' })));
  expect([member('sue').active, form?.changed, form?.clashes]).toEqual([false, ['member:joe'], {}]);
  expect([settings.attendance.member('joe')?.status, settings.attendance.member('sue')?.status]).toEqual(['online', 'away']);
});

test('a switch that was set here and is not saved stays, until somebody else has set the same', async () => {
  const { settings } = await looking('groups', 'support');
  const form = settings.editor?.form;
  const joe = form?.saved['member:joe'] as Member;
  settings.editor?.set('member:joe', { ...joe, active: false });
  settings.told(told('members:support', now('joe', [from('support', true)])));
  expect([(form?.values['member:joe'] as Member).active, form?.changed]).toEqual([false, ['member:joe']]);
  settings.told(told('members:support', now('joe', [from('support', false)])));
  expect(form?.changed, 'there is nothing left to save').toEqual([]);
});

test('whom one is about to remove stays so, whatever they do meanwhile', async () => {
  const { settings } = await looking('groups', 'support');
  settings.editor?.set('member:joe', null);
  settings.told(told('members:support', now('joe', [from('support', false)])));
  expect([settings.editor?.form.values['member:joe'], settings.editor?.form.changed]).toEqual([null, ['member:joe']]);
});

test('a save does not clash with what was shown as it came', async () => {
  const { server, settings } = await looking('groups', 'support');
  const joe = settings.editor?.form.values['member:joe'] as Member;
  server.memberships = server.memberships.map((one) => (one.operator === 'joe' ? { ...one, active: false } : one));
  settings.told(told('members:support', now('joe', [from('support', false)])));
  settings.editor?.set('member:joe', { ...joe, active: false, handling: 'pull' });
  expect(await settings.save()).toBe(true);
  expect(server.wrote).toEqual(['PATCH /memberships/support/joe {"handling":"pull"}']);
});

test('of an operator it is shown from which groups they receive, and which their profile leaves out', async () => {
  const { settings, asked } = await looking('operators', 'joe');
  expect(asked()).toEqual(['subscribe operator:joe']);
  expect([settings.attendance.operator('joe'), settings.attendance.member('support')]).toEqual([undefined, undefined]);
  const busy = now('joe', [from('sales', true), from('support', false, true)], { status: 'busy', profile: 'early' });
  settings.told(told('operator:joe', busy));
  expect((settings.editor?.form.values['member:support'] as Member).active).toBe(false);
  const since = Date.parse(busy.since);
  expect(settings.attendance.member('support')).toEqual({ status: 'busy', since, without: 'early' });
  expect(settings.attendance.member('sales')).toEqual({ status: 'busy', since, without: null });
  settings.told(told('operator:joe', now('joe', [from('sales', true), from('support', false)])));
  expect(settings.attendance.member('support')?.without, 'no profile leaves it out any more').toBe(null);
  expect(settings.editor?.form.saved['member:sales'], 'a group that was joined meanwhile comes with the next load').toBe(undefined);
});

test('nothing is said of who belongs to it no more', async () => {
  const { settings, link } = await looking('groups', 'support');
  const both = told('members:support', now('joe', [from('support', true)]), now('sue', [from('support', true)]));
  settings.told(both);
  settings.told({ ...told('members:support'), gone: ['joe'] });
  expect([settings.attendance.member('joe'), settings.attendance.member('sue')?.status]).toEqual([undefined, 'online']);
  settings.connected(link);
  expect(settings.attendance.member('sue'), 'who left while nothing was heard is not told of').toBe(undefined);
});

test('it follows where one goes, and is asked for anew after a lost connection', async () => {
  const { settings, link, go, asked } = await looking('groups', 'support');
  asked();
  await go('operators', 'joe');
  expect(asked()).toEqual(['unsubscribe members:support', 'subscribe operator:joe']);
  settings.told(told('members:support', now('joe', [from('support', false)])));
  expect(settings.attendance.operator('joe'), 'it was on its way when we left').toBe(undefined);
  settings.connected(link);
  expect(asked()).toEqual(['subscribe operator:joe']);
  settings.moved({ list: 'active', chat: null, settings: null });
  expect(asked()).toEqual(['unsubscribe operator:joe']);
});
