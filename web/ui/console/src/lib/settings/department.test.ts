import { expect, test } from 'vitest';
import { Http } from '../http';
import { departmentEditor } from './department';
import type { Department } from './staff';

/** A server of one department, which remembers what it was asked to write. */
async function department(change: Partial<Department> = {}) {
  const wrote: [string, unknown][] = [];
  const skills = [
    { skill: 'returns', level: 3 },
    { skill: 'language:de', level: 1 },
  ];
  let stored = { id: 'support', name: 'Support', place: 1, skills, match_language: false, priority: 0, version: 4 };
  stored = { ...stored, ...change } as typeof stored;
  const http = new Http(async (_, init) => {
    if (init.method !== 'PATCH') return Response.json(stored);
    const body = JSON.parse(String(init.body)) as object;
    wrote.push([String((init.headers as Record<string, string>)['if-match']), body]);
    return Response.json((stored = { ...stored, ...body }));
  });
  const editor = departmentEditor(http, 'support');
  await editor.load();
  return { editor, wrote };
}

test('skills are saved in the order in which they are given up, with the version that was seen', async () => {
  const { editor, wrote } = await department();
  editor.set('skills', [
    { skill: 'language:de', level: 1 },
    { skill: 'After sales', level: 2 },
  ]);
  editor.set('priority', '−4');
  expect(await editor.save()).toBe(true);
  expect(wrote).toEqual([
    [
      '"4"',
      {
        skills: [
          { skill: 'language:de', level: 1 },
          { skill: 'after-sales', level: 2 },
        ],
        priority: -4,
      },
    ],
  ]);
});

test('what a department cannot need is said at its field, and nothing is sent', async () => {
  const { editor, wrote } = await department();
  editor.set(
    'skills',
    Array.from({ length: 8 }, (_, at) => ({ skill: `s${at}`, level: 1 })),
  );
  editor.set('match_language', true);
  editor.set('priority', '91');
  editor.set('name', ' ');
  expect(await editor.save()).toBe(false);
  expect(Object.keys(editor.form.wrong).toSorted()).toEqual(['name', 'priority', 'skills']);
  editor.set('match_language', false);
  editor.set('priority', '90');
  editor.set('name', 'Support');
  expect(await editor.save()).toBe(true);
  expect(wrote.length).toBe(1);
});
