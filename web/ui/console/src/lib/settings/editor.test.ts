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
    'member:joe': { handling: 'primary', limit: '', active: true },
    'member:sue': { handling: 'secondary', limit: '3', active: true },
  });
});

test('only what was changed is sent: settings, a changed member, a new one, a removed one', async () => {
  const { server, editor } = await group();
  editor.set('connection_timeout_s', '60');
  editor.set('member:sue', { handling: 'secondary', limit: '0', active: true });
  editor.set('member:bob', { handling: 'pull', limit: '', active: true });
  editor.set('member:joe', null);
  expect(await editor.save()).toBe(true);
  expect(server.wrote.toSorted()).toEqual([
    'DELETE /memberships/support/joe',
    'PATCH /groups/support {"connection_timeout_s":60}',
    'PATCH /memberships/support/sue {"limit":0}',
    'POST /memberships {"group":"support","operator":"bob","handling":"pull","limit":null,"active":true}',
  ]);
  expect(editor.dirty).toBe(false);
});

test('a time or limit that cannot be is said at its field, and nothing is sent', async () => {
  const { server, editor } = await group();
  editor.set('offer_expires_after_s', '3');
  editor.set('member:sue', { handling: 'secondary', limit: '-1', active: true });
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
  const detail = 'name: another group has it; choose one that is free';
  server.refuses['PATCH /groups/support'] = { status: 409, code: 'conflict', why: 'taken', detail, field: 'name' };
  editor.set('name', 'Sales');
  expect(await editor.save()).toBe(false);
  expect(editor.form.wrong).toEqual({ name: 'Name: another group has it; choose one that is free' });
});

test('the rules of a group are loaded, and sent as the server takes them; nothing written is nothing set', async () => {
  const { server, editor } = await group();
  expect(editor.form.values).toMatchObject({
    overflow: null,
    queue_length_max: '',
    when_full: '',
    priority: '0',
    service_level_within_s: '20',
    hours: null,
  });
  editor.set('overflow', { after: '90', groups: ['sales'] });
  editor.set('queue_length_max', '40');
  editor.set('when_full', 'sales');
  editor.set('priority', '-2');
  editor.set('service_level_within_s', '45');
  expect(await editor.save()).toBe(true);
  expect(server.wrote).toEqual([
    'PATCH /groups/support {"overflow":{"after_s":90,"groups":["sales"]},"when_full":{"group":"sales"},' +
      '"queue_length_max":40,"service_level_within_s":45,"priority":-2}',
  ]);
  editor.set('overflow', null);
  editor.set('queue_length_max', '');
  editor.set('when_full', '');
  expect(await editor.save()).toBe(true);
  expect(server.wrote[1]).toBe(
    'PATCH /groups/support {"overflow":null,"when_full":"offline_form","queue_length_max":null}',
  );
});

test('a server that is older than this page is asked for what it knows only', async () => {
  const server = new StaffServer();
  const { id, department, name, offer_mode, offer_expires_after_s, connection_timeout_s } = server.group;
  server.group = { id, department, name, offer_mode, offer_expires_after_s, connection_timeout_s };
  const { editor } = await group(server);
  expect('hours' in editor.form.values || 'priority' in editor.form.values).toBe(false);
  editor.set('name', 'Help');
  expect([await editor.save(), server.wrote]).toEqual([true, ['PATCH /groups/support {"name":"Help"}']]);
});

test('rules that cannot be are said where they are, in the words of the server', async () => {
  const { server, editor } = await group();
  editor.set('overflow', { after: '90000', groups: ['support'] });
  editor.set('queue_wait_max_s', '0');
  editor.set('priority', '91');
  editor.set('service_level_within_s', '0');
  editor.set('when_full', 'support');
  expect(await editor.save()).toBe(false);
  expect([editor.form.wrong, server.wrote]).toEqual([
    {
      'overflow.after_s': 'Expected 0 to 86400 seconds',
      'overflow.groups.0': 'Expected another group than this one',
      queue_wait_max_s: 'Expected 1 to 86400 seconds, or nothing',
      priority: 'Expected -90 to 90 steps',
      service_level_within_s: 'Expected 1 to 3600 seconds',
      when_full: 'Expected another group than this one',
    },
    [],
  ]);
  editor.set('overflow', { after: '90', groups: ['sales'] });
  expect(Object.keys(editor.form.wrong)).toEqual([
    'queue_wait_max_s',
    'service_level_within_s',
    'priority',
    'when_full',
  ]);
});

test('a part of a setting that the server refuses is said at that part', async () => {
  const { server, editor } = await group();
  const field = 'overflow.groups.0';
  server.refuses['PATCH /groups/support'] = { status: 422, code: 'invalid', detail: 'there is no such group', field };
  editor.set('name', 'Help');
  editor.set('overflow', { after: '90', groups: ['gone'] });
  expect(await editor.save()).toBe(false);
  expect(editor.form.wrong).toEqual({ 'overflow.groups.0': 'There is no such group' });
});

test('somebody saves between our look and our write: what they left alone is ours, all the same', async () => {
  const { server, editor } = await group();
  editor.set('name', 'Help');
  server.overtakes = () => (server.group = { ...server.group, priority: 5, version: 2 });
  expect(await editor.save()).toBe(true);
  expect([server.group.name, server.group.priority, editor.form.values['priority']]).toEqual(['Help', 5, '5']);
});

test('somebody saves the same between our look and our write: we are asked', async () => {
  const { server, editor } = await group();
  editor.set('name', 'Help');
  server.overtakes = () => (server.group = { ...server.group, name: 'Care', version: 2 });
  expect(await editor.save()).toBe(false);
  expect([server.group.name, editor.form.clashes, editor.form.values['name']]).toEqual([
    'Care',
    { name: 'Care' },
    'Help',
  ]);
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
  editor.set('member:sue', { handling: 'pull', limit: '', active: true });
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
  editor.set('member:support', { handling: 'pull', limit: '4', active: true });
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
