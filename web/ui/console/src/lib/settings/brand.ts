/** One brand's priorities: what its form holds, and how that is saved. */
import type { Http } from '../http';
import { stepsOf } from './department';
import { Editor, patchSteps } from './editor.svelte';
import type { Values } from './form.svelte';
import { PRIORITY_MAX } from './rules';
import type { Brand } from './staff';

/** Websites of a brand; the server takes no more. */
export const WEBSITES_MAX = 50;

/** Variables that are believed, and values that give steps; the server takes no more. */
export const VARIABLES_MAX = 50;

/** What a value of a variable gives, as it is written. */
export interface RuleRow {
  variable: string;
  value: string;
  steps: string;
}

const OWN = ['name', 'origins', 'priority', 'trusted_variables', 'variable_priorities'] as const;

export function brandEditor(http: Http, id: string): Editor {
  let version: number | undefined;
  return new Editor({
    load: async () => {
      const brand = await http.get<Brand>(`/brands/${id}`);
      version = brand.version;
      const { name, origins = [], priority = 0, trusted_variables = [], variable_priorities = [] } = brand;
      return {
        name,
        origins: origins.join(', '),
        priority: String(priority),
        trusted_variables: trusted_variables.join(', '),
        variable_priorities: variable_priorities.map((rule): RuleRow => ({ ...rule, steps: String(rule.steps) })),
      };
    },
    check: checkBrand,
    steps: (form) => patchSteps(http, `/brands/${id}`, form, OWN, (key) => sent(key, form.values[key]), version),
  });
}

/** The names in a text: `tier, plan`. */
export function namesIn(text: unknown): string[] {
  const names = String(text ?? '').split(/[\s,;]+/);
  return [...new Set(names.filter(Boolean))];
}

/** What is wrong with a brand as it is written, by key. */
export function checkBrand(values: Values): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (String(values['name']).trim() === '') wrong['name'] = 'A brand needs a name';
  if (stepsOf(values['priority']) === null) wrong['priority'] = `Expected -${PRIORITY_MAX} to ${PRIORITY_MAX} steps`;
  const websites = namesIn(values['origins']);
  const no = websites.find((text) => originOf(text) === null);
  if (no !== undefined) wrong['origins'] = `“${no}” is no website’s address, such as https://www.example.com`;
  else if (websites.length > WEBSITES_MAX) wrong['origins'] = `Expected at most ${WEBSITES_MAX}`;
  const names = namesIn(values['trusted_variables']);
  const odd = names.find((name) => !isName(name));
  if (odd !== undefined) wrong['trusted_variables'] = `“${odd}” is no name: 1 to 64 of A-Z a-z 0-9 _ - .`;
  else if (names.length > VARIABLES_MAX) wrong['trusted_variables'] = `Expected at most ${VARIABLES_MAX}`;
  const rules = values['variable_priorities'] as readonly RuleRow[];
  if (rules.length > VARIABLES_MAX) wrong['variable_priorities'] = `Expected at most ${VARIABLES_MAX}`;
  rules.forEach(({ variable, value, steps }, at) => {
    const same = (other: RuleRow): boolean =>
      other.variable.trim() === variable.trim() && other.value.trim() === value.trim();
    const place = `variable_priorities.${at}`;
    if (!isName(variable.trim())) wrong[place] = 'A variable’s name is 1 to 64 of A-Z a-z 0-9 _ - .';
    else if (value.trim() === '') wrong[place] = 'Which value?';
    else if (stepsOf(steps) === null) wrong[place] = `Expected -${PRIORITY_MAX} to ${PRIORITY_MAX} steps`;
    else if (rules.slice(0, at).some(same)) wrong[place] = 'Expected each value of a variable once';
  });
  return wrong;
}

/** The origin of a website as it was written; null where it is none. */
export function originOf(text: string): string | null {
  try {
    const url = new URL(text);
    const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
    return bare && /^https?:$/.test(url.protocol) ? url.origin : null;
  } catch {
    return null;
  }
}

function isName(name: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name);
}

function sent(key: string, value: unknown): unknown {
  if (key === 'priority') return stepsOf(value);
  if (key === 'trusted_variables') return namesIn(value);
  if (key === 'origins') return [...new Set(namesIn(value).map((text) => originOf(text) ?? text))];
  if (key === 'variable_priorities')
    return (value as RuleRow[]).map(({ variable, value, steps }) => ({
      variable: variable.trim(),
      value: value.trim(),
      steps: stepsOf(steps),
    }));
  return typeof value === 'string' ? value.trim() : value;
}
