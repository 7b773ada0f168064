import { expect, test } from 'vitest';
import { Refused } from '../state/requests';
import { groupEditor } from './group';
import type { Member } from './members';
import { operatorEditor } from './operator';
import { setReceives, type Setter } from './receives';
import { StaffServer } from './testing';

/** A manager's desk: what it asks of the server, and what it says. */
function desk(refusal?: string) {
  const [asked, said]: [object[], string[]] = [[], []];
  const ask = (request: object) => {
    asked.push(request);
    return refusal ? Promise.reject(new Refused({ code: 'conflict', message: refusal })) : Promise.resolve({});
  };
  const lists = { operator: () => ({ name: 'Sue' }), group: () => ({ name: 'Support' }) };
  const all = { link: { requests: { ask } }, toasts: { wrong: (words: string) => said.push(words) }, settings: { lists } };
  return { asked, said, desk: all as unknown as Setter };
}

test('a manager sets who receives at once, from the group and from the operator, and nothing is left to save', async () => {
  const { http } = new StaffServer();
  const { desk: manager, asked } = desk();
  const group = groupEditor(http, 'support');
  await group.load();
  const receives = () => (group.form.values['member:sue'] as Member).active;
  const done = setReceives(manager, group, { of: 'group', id: 'support' }, 'sue', false);
  expect(receives(), 'it is shown before the server has answered').toBe(false);
  await done;
  expect([receives(), group.dirty]).toEqual([false, false]);
  const operator = operatorEditor(http, 'joe');
  await operator.load();
  await setReceives(manager, operator, { of: 'operator', id: 'joe' }, 'support', false);
  expect((operator.form.values['member:support'] as Member).active).toBe(false);
  expect(asked).toEqual([
    { type: 'membership_status', group: 'support', operator: 'sue', active: false },
    { type: 'membership_status', group: 'support', operator: 'joe', active: false },
  ]);
});

test('what the server refuses is as it was again, and that is said', async () => {
  const { http } = new StaffServer();
  const { desk: manager, said } = desk('the group is being removed');
  const group = groupEditor(http, 'support');
  await group.load();
  await setReceives(manager, group, { of: 'group', id: 'support' }, 'sue', false);
  expect((group.form.values['member:sue'] as Member).active).toBe(true);
  expect(said).toEqual(['Sue in Support stays as it was: the group is being removed']);
});
