import { expect, test } from 'vitest';
import { Form } from './form.svelte';

const saved = { name: 'Support', wait: '300', 'member:joe': { handling: 'primary', limit: '' } };

function form(): Form {
  const made = new Form();
  made.fill(saved);
  return made;
}

test('what is written back as it was is no change', () => {
  const made = form();
  made.set('name', 'Help');
  made.set('member:joe', { handling: 'primary', limit: '2' });
  expect(made.changed).toEqual(['name', 'member:joe']);
  made.set('name', 'Support');
  expect(made.changed).toEqual(['member:joe']);
  made.discard();
  expect([made.changed, made.values]).toEqual([[], saved]);
});

test('somebody added and removed again was never there', () => {
  const made = form();
  made.set('member:sue', { handling: 'pull', limit: '' });
  expect(made.changed).toEqual(['member:sue']);
  made.set('member:sue', null);
  expect(made.changed).toEqual([]);
});

test('what others change in fields I left alone is taken over', () => {
  const made = form();
  made.set('name', 'Help');
  expect(made.rebase({ ...saved, wait: '600', 'member:bob': { handling: 'pull', limit: '' } })).toBe(true);
  expect(made.values).toMatchObject({ name: 'Help', wait: '600', 'member:bob': { handling: 'pull', limit: '' } });
  expect(made.changed).toEqual(['name']);
});

test('a field that both changed keeps mine, says theirs once, and the next save is mine', () => {
  const made = form();
  made.set('wait', '60');
  const theirs = { ...saved, wait: '600' };
  expect(made.rebase(theirs)).toBe(false);
  expect([made.values['wait'], made.clashes]).toEqual(['60', { wait: '600' }]);
  expect(made.rebase(theirs)).toBe(true);
  expect([made.clashes, made.changed]).toEqual([{}, ['wait']]);
});

test('both wrote the same: nothing clashes and nothing is left to save', () => {
  const made = form();
  made.set('wait', '600');
  expect(made.rebase({ ...saved, wait: '600' })).toBe(true);
  expect(made.changed).toEqual([]);
});

test('somebody removed the member whose limit I changed', () => {
  const made = form();
  made.set('member:joe', { handling: 'primary', limit: '2' });
  const { 'member:joe': _joe, ...without } = saved;
  expect(made.rebase(without)).toBe(false);
  expect(Object.keys(made.clashes)).toEqual(['member:joe']);
});
