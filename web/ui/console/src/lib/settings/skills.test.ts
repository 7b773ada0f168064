import { expect, test } from 'vitest';
import { departmentEditor } from './department';
import { operatorEditor } from './operator';
import { profileEditor } from './profile';
import { checkSkills, skillId, skillsInWords, skillWords } from './skills';
import type { Operator } from './staff';
import { StaffServer } from './testing';
import { wantedWords } from './wanted';

const row = (skill: string, level = 5) => ({ skill, level });
const member = (id: string, skills: Record<string, number>, disabled = false): Operator => ({
  id,
  email: `${id}@x`,
  name: id,
  role: 'operator',
  limit: null,
  disabled,
  skills,
});

test('skills are named as programs call them, and languages as people do', () => {
  expect(['Returns', ' After  Sales ', 'language:DE'].map(skillId)).toEqual(['returns', 'after-sales', 'language:de']);
  expect(['language:de', 'language:!', 'returns'].map(skillWords)).toEqual(['German', 'language:!', 'returns']);
  expect(skillsInWords([row('language:fr', 8), row('returns')])).toBe('French 8, returns 5');
});

test('a skill without a name, named twice, or one too many is said where it is', () => {
  expect(checkSkills([row('returns'), row(''), row('Returns'), row('für')])).toEqual({
    'skills.1': 'Expected 1 to 64 of a-z 0-9 _ - :',
    'skills.2': 'Expected each skill once',
    'skills.3': 'Expected 1 to 64 of a-z 0-9 _ - :',
  });
  expect(checkSkills([row('a'), row('b'), row('c')], 2)).toEqual({ skills: 'Expected at most 2 skills' });
});

test('an operator’s skills are saved by name and level', async () => {
  const server = new StaffServer();
  const editor = operatorEditor(server.http, 'joe');
  await editor.load();
  expect(editor.form.values['skills']).toEqual([row('returns', 7)]);
  editor.set('skills', [row('returns', 7), row('Language:DE', 10)]);
  expect(await editor.save()).toBe(true);
  expect(server.wrote).toEqual(['PATCH /operators/joe {"skills":{"returns":7,"language:de":10}}']);
});

test('a department’s skills are saved in their order', async () => {
  const server = new StaffServer();
  const editor = departmentEditor(server.http, 'help');
  await editor.load();
  editor.set('skills', [row('returns', 3), row('language:de', 8)]);
  editor.set('match_language', true);
  editor.set('priority', '99');
  expect(await editor.save()).toBe(false);
  expect(editor.form.wrong).toEqual({ priority: 'Expected -90 to 90 steps' });
  editor.set('priority', '2');
  expect(await editor.save()).toBe(true);
  expect(server.wrote).toEqual([
    'PATCH /departments/help {"skills":[{"skill":"returns","level":3},{"skill":"language:de","level":8}],' +
      '"match_language":true,"priority":2}',
  ]);
});

test('a profile is its name and its groups; a group taken out and put in again is no change', async () => {
  const server = new StaffServer();
  const editor = profileEditor(server.http, 'early');
  await editor.load();
  editor.set('groups', ['sales']);
  expect(editor.dirty).toBe(true);
  editor.set('groups', ['sales', 'support']);
  expect(editor.dirty).toBe(false);
  editor.set('name', ' ');
  expect([await editor.save(), editor.form.wrong]).toEqual([false, { name: 'A profile needs a name' }]);
  editor.set('name', 'Late');
  expect([await editor.save(), server.wrote]).toEqual([true, ['PATCH /profiles/early {"name":"Late"}']]);
});

test('what a department asks for is held against its members: how many can, and what nobody can', () => {
  const both = [row('returns', 5), row('language:de', 5)];
  const ann = member('ann', { returns: 9 });
  const ben = member('ben', { 'language:de': 5 });
  expect(wantedWords([], [ann])).toBe(null);
  expect(wantedWords([row('')], [ann])).toBe(null);
  expect(wantedWords(both, [ann])?.say).toMatch(/^Nobody in its groups has German at level 5/);
  expect(wantedWords(both, [ann, ben])?.say).toMatch(/^Nobody in its groups has all of them/);
  expect(wantedWords(both, [ann, ben, member('cy', { returns: 5, 'language:de': 10 })])).toEqual({
    say: '1 member of its groups has all of them.',
    nobody: false,
  });
  expect(wantedWords([row('returns')], [member('dee', { returns: 9 }, true)])?.nobody).toBe(true);
});
