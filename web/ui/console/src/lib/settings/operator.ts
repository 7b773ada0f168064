/** One operator's settings: what the form holds, and how that is saved. */
import type { Http } from '../http';
import { Editor, patchSteps } from './editor.svelte';
import type { Form, Values } from './form.svelte';
import { checkMembers, limitValue, limitWrong, loadMembers, memberSteps, type Side, type Versions } from './members';
import { checkSkills, type SkillRow, skillsOf, rowsOf } from './skills';
import { limitText, type Operator } from './staff';

/** Characters of a password, at least and at most. */
export const PASSWORD = { least: 10, most: 128 } as const;

const OWN = ['name', 'email', 'role', 'limit', 'disabled', 'skills', 'chats_then'] as const;

/** The operator's own version among those of the memberships. */
const OPERATOR = '';

export function operatorEditor(http: Http, id: string): Editor {
  const side: Side = { of: 'operator', id };
  const versions: Versions = new Map();
  return new Editor({
    load: async () => {
      const [operator, members] = await Promise.all([
        http.get<Operator>(`/operators/${id}`),
        loadMembers(http, side, versions),
      ]);
      versions.set(OPERATOR, operator.version);
      const { name, email, role, limit, disabled, skills } = operator;
      return {
        name,
        email,
        role,
        limit: limitText(limit),
        disabled,
        chats_then: 'requeue',
        ...(skills ? { skills: rowsOf(skills) } : {}),
        ...members,
      };
    },
    check: (values) => ({ ...checkOperator(values), ...checkMembers(values) }),
    steps: (form) => [
      ...patchSteps(http, `/operators/${id}${then(form)}`, form, OWN, (key) => sent(key, form.values[key]), versions.get(OPERATOR)),
      ...memberSteps(http, side, form, versions),
    ],
  });
}

/** What is wrong with an operator as it is written, by key. */
export function checkOperator(values: Values): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (String(values['name']).trim() === '') wrong['name'] = 'An operator needs a name';
  if (!/^[^\s@]+@[^\s@]+$/.test(String(values['email']).trim()))
    wrong['email'] = 'An e-mail address, such as ines@example.com';
  Object.assign(wrong, checkSkills((values['skills'] ?? []) as SkillRow[]));
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

/** Whoever is disabled holds no chats any more: what becomes of these is a part of the address. */
function then({ changed, values }: Form): string {
  return changed.includes('disabled') && values['disabled'] === true ? `?chats=${String(values['chats_then'])}` : '';
}

function sent(key: string, value: unknown): unknown {
  // It is in the address; what it was does not stay.
  if (key === 'chats_then') return undefined;
  if (key === 'skills') return skillsOf(value as SkillRow[]);
  if (key === 'limit') return limitValue(String(value));
  return typeof value === 'string' ? value.trim() : value;
}
