/** One operator's settings: what the form holds, and how that is saved. */
import type { Http } from '../http';
import { Editor } from './editor.svelte';
import type { Values } from './form.svelte';
import { checkMembers, limitValue, limitWrong, loadMembers, memberSteps, type Side } from './members';
import { limitText, type Operator } from './staff';

/** Characters of a password, at least and at most. */
export const PASSWORD = { least: 10, most: 128 } as const;

const OWN = ['name', 'email', 'role', 'limit', 'disabled'] as const;

export function operatorEditor(http: Http, id: string): Editor {
  const side: Side = { of: 'operator', id };
  return new Editor({
    load: async () => {
      const [operator, members] = await Promise.all([http.get<Operator>(`/operators/${id}`), loadMembers(http, side)]);
      const { name, email, role, limit, disabled } = operator;
      return { name, email, role, limit: limitText(limit), disabled, ...members };
    },
    check: (values) => ({ ...checkOperator(values), ...checkMembers(values) }),
    steps: (form) => {
      const keys = OWN.filter((key) => form.changed.includes(key));
      const body = Object.fromEntries(keys.map((key) => [key, sent(key, form.values[key])]));
      const own = keys.length > 0 ? [{ keys, run: () => http.patch(`/operators/${id}`, body) }] : [];
      return [...own, ...memberSteps(http, side, form)];
    },
  });
}

/** What is wrong with an operator as it is written, by key. */
export function checkOperator(values: Values): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (String(values['name']).trim() === '') wrong['name'] = 'An operator needs a name';
  if (!/^[^\s@]+@[^\s@]+$/.test(String(values['email']).trim()))
    wrong['email'] = 'An e-mail address, such as ines@example.com';
  const limit = limitWrong(String(values['limit']));
  if (limit !== null) wrong['limit'] = limit;
  return wrong;
}

/** What is wrong with a password; null when it may be one. */
export function passwordWrong(password: string): string | null {
  const length = [...password].length;
  const { least, most } = PASSWORD;
  return length >= least && length <= most ? null : `${least} to ${most} characters`;
}

function sent(key: (typeof OWN)[number], value: unknown): unknown {
  if (key === 'limit') return limitValue(String(value));
  return typeof value === 'string' ? value.trim() : value;
}
