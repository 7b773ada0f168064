/** What is set of the account as a whole: what the form holds, and how that is saved. */
import type { Http } from '../http';
import { Editor, patchSteps } from './editor.svelte';
import { isZone, ZONE_EXPECTED } from './hours';
import type { Versioned } from './staff';

/** The account, as far as it can be set. */
export interface Account extends Versioned {
  time_zone: string;
}

const OWN = ['time_zone'] as const;

export function companyEditor(http: Http): Editor {
  let version: number | undefined;
  return new Editor({
    load: async () => {
      const account = await http.get<Account>('/account');
      version = account.version;
      return { time_zone: account.time_zone };
    },
    check: (values) => {
      const wrong: Record<string, string> = {};
      if (!isZone(zone(values['time_zone']))) wrong['time_zone'] = ZONE_EXPECTED;
      return wrong;
    },
    steps: (form) => patchSteps(http, '/account', form, OWN, (key) => zone(form.values[key]), version),
  });
}

function zone(written: unknown): string {
  return String(written).trim();
}
