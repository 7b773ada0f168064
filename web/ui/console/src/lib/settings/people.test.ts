import { expect, test } from 'vitest';
import { Http } from '../http';
import { companyEditor } from './company';
import { presenceEditor } from './presence';
import { profileEditor, toggled } from './profile';

/** Answers reads with what is there, and takes writes in. */
function server(there: Record<string, unknown>) {
  const wrote: string[] = [];
  const http = new Http(async (path, init) => {
    const at = path.replace('/api/v1', '');
    if (init.method === 'GET') return Response.json(there[at]);
    const { headers } = init as { headers: Record<string, string> };
    wrote.push(`${init.method} ${at} ${String(init.body)} ${headers['if-match']}`);
    return Response.json({});
  });
  return { http, wrote };
}

test('rules of presence: nothing written is never, and what cannot be is said at its field', async () => {
  const { http, wrote } = server({ '/presence_rules': { away_after_s: 600, grace_s: 60, version: 7 } });
  const editor = presenceEditor(http);
  await editor.load();
  expect(editor.form.values).toEqual({ away_after_s: '600', grace_s: '60' });
  editor.set('away_after_s', '5');
  editor.set('grace_s', '');
  expect(await editor.save()).toBe(false);
  expect(Object.keys(editor.form.wrong)).toEqual(['away_after_s', 'grace_s']);
  editor.set('away_after_s', '');
  editor.set('grace_s', '30');
  expect(await editor.save()).toBe(true);
  expect(wrote).toEqual(['PATCH /presence_rules {"away_after_s":null,"grace_s":30} "7"']);
});

test('the account’s time zone is one that browsers know', async () => {
  const { http, wrote } = server({ '/account': { time_zone: 'UTC', version: 9 } });
  const editor = companyEditor(http);
  await editor.load();
  for (const wrong of ['', 'Europe/Atlantis', '+02:00']) {
    editor.set('time_zone', wrong);
    expect(await editor.save()).toBe(false);
    expect(editor.form.wrong).toEqual({ time_zone: 'Expected the name of a time zone, such as Europe/Zurich' });
  }
  editor.set('time_zone', ' Europe/Zurich ');
  expect(await editor.save()).toBe(true);
  expect(wrote).toEqual(['PATCH /account {"time_zone":"Europe/Zurich"} "9"']);
});

test('a profile is its name and its groups, in whatever order they were chosen', async () => {
  const { http, wrote } = server({ '/profiles/early': { id: 'early', name: 'Early', groups: ['b', 'a'], version: 3 } });
  const editor = profileEditor(http, 'early');
  await editor.load();
  const groups = () => editor.form.values['groups'] as string[];
  editor.set('groups', toggled(groups(), 'c', true));
  editor.set('groups', toggled(groups(), 'c', false));
  expect(editor.dirty, 'there and back is no change').toBe(false);
  editor.set('groups', toggled(groups(), 'a', false));
  expect(await editor.save()).toBe(true);
  expect(wrote).toEqual(['PATCH /profiles/early {"groups":["b"]} "3"']);
  editor.set('name', ' ');
  expect(await editor.save()).toBe(false);
  expect(editor.form.wrong).toEqual({ name: 'A profile needs a name' });
});
