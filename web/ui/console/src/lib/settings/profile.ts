/** One profile's settings: its name, and the groups that whoever chooses it receives from. */
import type { Http } from '../http';
import { Editor, patchSteps } from './editor.svelte';
import type { Values } from './form.svelte';
import type { Profile } from './staff';

const OWN = ['name', 'groups'] as const;

export function profileEditor(http: Http, id: string): Editor {
  const path = `/profiles/${id}`;
  let version: number | undefined;
  return new Editor({
    load: async () => {
      const { name, groups, ...loaded } = await http.get<Profile>(path);
      ({ version } = loaded);
      // In one order, so that a group taken out and put in again is no change.
      return { name, groups: groups.toSorted() };
    },
    check: checkProfile,
    steps: (form) => patchSteps(http, path, form, OWN, (key) => sent(form.values[key]), version),
  });
}

/** What is wrong with a profile as it is written, by key. */
export function checkProfile(values: Values): Record<string, string> {
  return String(values['name']).trim() === '' ? { name: 'A profile needs a name' } : {};
}

function sent(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}
