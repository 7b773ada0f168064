import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Http } from '../http';
import { Router } from '../state/router.svelte';
import { Settings } from './settings.svelte';
import type { Group } from './staff';

/** The lists of an account with one group, and what its page loads. */
function office() {
  let groups: Partial<Group>[] = [{ id: 'support', name: 'Support' }];
  let down = false;
  const asked: string[] = [];
  const http = new Http(async (path) => {
    const at = new URL(path, 'http://x').pathname.replace('/api/v1', '');
    asked.push(at);
    if (down) return Response.json({ code: 'unavailable' }, { status: 503 });
    if (at === '/groups/support') return groups[0] ? Response.json(groups[0]) : new Response('{}', { status: 404 });
    return Response.json({ items: at === '/groups' ? groups : [], next: null });
  });
  const settings = new Settings(http, new Router());
  const set = (all: Partial<Group>[]): void => void (groups = all);
  const goes = (is: boolean): void => void (down = is);
  return { settings, set, goes, asked: () => asked.splice(0).filter((at) => at === '/groups').length };
}
const page = (id: string | null) => ({ list: 'active', chat: null, settings: { section: 'groups', id } }) as const;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a group that is being removed is looked at again and again, and its page ends with it', async () => {
  const { settings, set, goes, asked } = office();
  set([{ id: 'support', name: 'Support', closing: true }]);
  settings.moved(page('support'));
  await pass(0);
  expect([settings.lists.group('support')?.closing, settings.editor?.state, asked()]).toEqual([true, 'there', 1]);
  await pass(2_000);
  expect(asked()).toBe(1);
  goes(true);
  await pass(2_000);
  expect([settings.lists.state, asked()], 'a server that is away for a moment changes nothing').toEqual(['there', 1]);
  goes(false);
  set([]);
  await pass(2_000);
  expect([settings.lists.groups, settings.editor?.state, asked()]).toEqual([[], 'missing', 1]);
  await pass(20_000);
  expect(asked(), 'then nobody waits for anything').toBe(0);
});

test('where nothing is being removed, or nobody looks, the lists are left alone', async () => {
  const { settings, set, asked } = office();
  settings.moved(page(null));
  await pass(20_000);
  expect(asked()).toBe(1);
  set([{ id: 'support', name: 'Support', closing: true }]);
  settings.moved(page('support'));
  await pass(0);
  settings.moved({ list: 'active', chat: null, settings: null });
  await pass(20_000);
  expect(asked()).toBe(1);
});
