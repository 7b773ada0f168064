/** One profile's settings: its name and groups, and how that is saved. */
import type { Http } from '../http';
import { Editor, patchSteps } from './editor.svelte';
import type { Versioned } from './staff';

export interface Profile extends Versioned {
  id: string;
  name: string;
  groups: string[];
}

const OWN = ['name', 'groups'] as const;

export function profileEditor(http: Http, id: string): Editor {
  let version: number | undefined;
  return new Editor({
    load: async () => {
      const profile = await http.get<Profile>(`/profiles/${id}`);
      version = profile.version;
      return { name: profile.name, groups: profile.groups.toSorted() };
    },
    check: (values): Record<string, string> =>
      String(values['name']).trim() === '' ? { name: 'A profile needs a name' } : {},
    steps: (form) => patchSteps(http, `/profiles/${id}`, form, OWN, (key) => sent(form.values[key]), version),
  });
}

/** The groups with one more, or one fewer. */
export function toggled(groups: readonly string[], id: string, on: boolean): string[] {
  return (on ? [...new Set([...groups, id])] : groups.filter((other) => other !== id)).toSorted();
}

function sent(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}
