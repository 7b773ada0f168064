import { expect, test } from 'vitest';
import { groupEditor, idFor } from './group';
import { operatorEditor, passwordWrong } from './operator';
import { StaffServer } from './testing';

async function group(server = new StaffServer()) {
  const editor = groupEditor(server.http, 'support');
  await editor.load();
  return { server, editor };
}

test('a group is shown with all its members, and nothing is unsaved', async () => {
  const { editor } = await group();
  expect([editor.state, editor.dirty]).toEqual(['there', false]);
  expect(editor.form.values).toMatchObject({
    offer_expires_after_s: '20',
    'member:joe': { handling: 'primary', limit: '' },
    'member:sue': { handling: 'secondary', limit: '3' },
  });
});

test('only what was changed is sent: settings, a changed member, a new one, a removed one', async () => {
  const { server, editor } = await group();
  editor.set('connection_timeout_s', '60');
  editor.set('member:sue', { handling: 'secondary', limit: '0' });
  editor.set('member:bob', { handling: 'pull', limit: '' });
  editor.set('member:joe', null);
  expect(await editor.save()).toBe(true);
  expect(server.wrote.toSorted()).toEqual([
    'DELETE /memberships/support/joe',
    'PATCH /groups/support {"connection_timeout_s":60}',
    'PATCH /memberships/support/sue {"handling":"secondary","limit":0}',
    'POST /memberships {"group":"support","operator":"bob","handling":"pull","limit":null}',
  ]);
  expect(editor.dirty).toBe(false);
});

test('a time or limit that cannot be is said at its field, and nothing is sent', async () => {
  const { server, editor } = await group();
  editor.set('offer_expires_after_s', '3');
  editor.set('member:sue', { handling: 'secondary', limit: '-1' });
  expect(await editor.save()).toBe(false);
  expect(Object.keys(editor.form.wrong)).toEqual(['offer_expires_after_s', 'member:sue']);
  expect(server.wrote).toEqual([]);
  editor.set('offer_expires_after_s', '30');
  expect(Object.keys(editor.form.wrong)).toEqual(['member:sue']);
});

test('what the server refuses is said at the field it names; the rest of the form is kept', async () => {
  const { server, editor } = await group();
  server.refuses['PATCH /groups/support'] = { status: 422, code: 'invalid', detail: 'is too long', field: 'name' };
  editor.set('name', 'Long');
  expect(await editor.save()).toBe(false);
  const { wrong, values } = editor.form;
  expect([wrong, values['name'], editor.saving]).toEqual([{ name: 'Is too long' }, 'Long', false]);
});

test('two administrators change one field: the second is told, and decides', async () => {
  const { server, editor } = await group();
  editor.set('connection_timeout_s', '60');
  server.group = { ...server.group, connection_timeout_s: 600, name: 'Help' };
  expect(await editor.save()).toBe(false);
  expect([editor.form.clashes, server.wrote]).toEqual([{ connection_timeout_s: '600' }, []]);
  expect(editor.form.values['name']).toBe('Help');
  expect(await editor.save()).toBe(true);
  expect([server.group.connection_timeout_s, server.group.name]).toEqual([60, 'Help']);
});

test('of a save that stops half way, only the rest is left to save', async () => {
  const { server, editor } = await group();
  const busy = { status: 503, code: 'unavailable', detail: 'the store is busy' };
  server.refuses['PATCH /memberships/support/sue'] = busy;
  editor.set('name', 'Help');
  editor.set('member:sue', { handling: 'pull', limit: '' });
  expect(await editor.save()).toBe(false);
  expect([editor.form.changed, editor.failure]).toEqual([['member:sue'], 'Not saved: the store is busy']);
  server.refuses = {};
  expect(await editor.save()).toBe(true);
  const sue = server.memberships.find(({ operator }) => operator === 'sue');
  expect(sue).toMatchObject({ handling: 'pull', limit: null });
});

test('a group that was deleted meanwhile is missing, and one that cannot be read says why', async () => {
  const gone = groupEditor(new StaffServer().http, 'sales');
  await gone.load();
  expect(gone.state).toBe('missing');
  const server = new StaffServer();
  server.refuses['GET /groups/support'] = { status: 403, code: 'forbidden', detail: 'no' };
  expect((await group(server)).editor.state).toBe('forbidden');
});

test('the last administrator is told why the role stays', async () => {
  const server = new StaffServer();
  const words = 'the account needs an administrator; make another one first';
  server.operator = { ...server.operator, role: 'administrator' };
  server.refuses['PATCH /operators/joe'] = { status: 409, code: 'conflict', detail: words };
  const editor = operatorEditor(server.http, 'joe');
  await editor.load();
  editor.set('role', 'operator');
  expect(await editor.save()).toBe(false);
  expect([editor.failure, editor.dirty]).toEqual([`Not saved: ${words}`, true]);
});

test('an empty limit is no limit, and 0 is none at all', async () => {
  const server = new StaffServer();
  const editor = operatorEditor(server.http, 'joe');
  await editor.load();
  editor.set('limit', '');
  await editor.save();
  expect(server.operator.limit).toBe(null);
  editor.set('limit', '0');
  editor.set('member:support', { handling: 'pull', limit: '4' });
  await editor.save();
  expect(server.operator.limit).toBe(0);
  expect(server.memberships.find(({ operator }) => operator === 'joe')).toMatchObject({ handling: 'pull', limit: 4 });
});

test('a password has 10 to 128 characters, however many bytes they take', () => {
  expect([passwordWrong('a'.repeat(9)), passwordWrong('😀'.repeat(10)), passwordWrong('a'.repeat(129))]).toEqual([
    '10 to 128 characters',
    null,
    '10 to 128 characters',
  ]);
});

test('the id of a group comes from its name', () => {
  expect(['Support, level 1', 'Rückgaben', '  ', '中文'].map(idFor)).toEqual(['support-level-1', 'ruckgaben', '', '']);
});
