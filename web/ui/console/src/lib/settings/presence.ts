/** What the account sets of presence: what the form holds, and how that is saved. */
import type { Http } from '../http';
import { Editor, patchSteps } from './editor.svelte';
import { whole } from './members';
import type { Versioned } from './staff';

/** Shortest and longest time without any doing, in seconds, after which an operator is away. */
export const AWAY_S = { least: 10, most: 43_200 } as const;
/** Shortest and longest time a lost connection may take to come back, in seconds. */
export const GRACE_S = { least: 5, most: 900 } as const;

interface Rules extends Versioned {
  away_after_s: number | null;
  grace_s: number;
}

const OWN = ['away_after_s', 'grace_s'] as const;

export function presenceEditor(http: Http): Editor {
  let version: number | undefined;
  return new Editor({
    load: async () => {
      const rules = await http.get<Rules>('/presence_rules');
      version = rules.version;
      return { away_after_s: String(rules.away_after_s ?? ''), grace_s: String(rules.grace_s) };
    },
    check: (values) => {
      const wrong: Record<string, string> = {};
      const away = String(values['away_after_s']).trim();
      if (away !== '' && whole(away, AWAY_S.least, AWAY_S.most) === null)
        wrong['away_after_s'] = `Expected ${AWAY_S.least} to ${AWAY_S.most} seconds, or nothing`;
      if (whole(String(values['grace_s']), GRACE_S.least, GRACE_S.most) === null)
        wrong['grace_s'] = `Expected ${GRACE_S.least} to ${GRACE_S.most} seconds`;
      return wrong;
    },
    steps: (form) => patchSteps(http, '/presence_rules', form, OWN, (key) => sent(form.values[key]), version),
  });
}

function sent(value: unknown): number | null {
  const text = String(value).trim();
  return text === '' ? null : Number(text);
}
