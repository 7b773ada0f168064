import { expect, test } from 'vitest';
import { operatorEditor } from './operator';
import { checkSkills, skillId, skillsInWords, skillWords } from './skills';
import { StaffServer } from './testing';

const row = (skill: string, level = 5) => ({ skill, level });
test('skills are named as programs call them, and languages as people do', () => {
  expect(['Returns', ' After  Sales ', 'language:DE'].map(skillId)).toEqual(['returns', 'after-sales', 'language:de']);
  expect(['language:de', 'language:!', 'returns'].map(skillWords)).toEqual(['German', 'language:!', 'returns']);
  expect(skillsInWords([row('language:fr', 8), row('returns')])).toBe('French 8, returns 5');
});

test('a skill without a name, or named twice, is said where it is', () => {
  expect(checkSkills([row('returns'), row(''), row('Returns'), row('für')])).toEqual({
    'skills.1': 'Expected 1 to 64 of a-z 0-9 _ - :',
    'skills.2': 'Expected each skill once',
    'skills.3': 'Expected 1 to 64 of a-z 0-9 _ - :',
  });
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
