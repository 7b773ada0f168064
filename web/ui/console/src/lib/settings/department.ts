/** One department's settings: what its form holds, and how that is saved. */
import type { Http } from '../http';
import { Editor, patchSteps } from './editor.svelte';
import type { Values } from './form.svelte';
import { whole } from './members';
import { PRIORITY_MAX } from './rules';
import { checkSkills, type SkillRow, skillId } from './skills';
import type { Department } from './staff';

/** Skills that one chat may ask for, the language among them; the server takes no more. */
export const NEEDS_MAX = 8;
/** Places in the list of departments; far more than anybody has. */
const PLACE_MAX = 9999;

const OWN = ['name', 'place', 'skills', 'match_language', 'priority'] as const;

export function departmentEditor(http: Http, id: string): Editor {
  let version: number | undefined;
  return new Editor({
    load: async () => {
      const department = await http.get<Department>(`/departments/${id}`);
      version = department.version;
      const { name, place, skills = [], match_language = false, priority = 0 } = department;
      return { name, place: String(place), skills, match_language, priority: String(priority) };
    },
    check: checkDepartment,
    steps: (form) => patchSteps(http, `/departments/${id}`, form, OWN, (key) => sent(key, form.values[key]), version),
  });
}

/** What is wrong with a department as it is written, by key. */
export function checkDepartment(values: Values): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (String(values['name']).trim() === '') wrong['name'] = 'A department needs a name';
  if (whole(String(values['place']), 0, PLACE_MAX) === null) wrong['place'] = `Expected 0 to ${PLACE_MAX}`;
  const skills = values['skills'] as readonly SkillRow[];
  Object.assign(wrong, checkSkills(skills));
  const room = NEEDS_MAX - (values['match_language'] === true ? 1 : 0);
  if (skills.length > room)
    wrong['skills'] = `Expected at most ${room} skills${room < NEEDS_MAX ? ' beside the language' : ''}`;
  if (stepsOf(values['priority']) === null) wrong['priority'] = `Expected -${PRIORITY_MAX} to ${PRIORITY_MAX} steps`;
  return wrong;
}

/** Steps of priority as they are written; null is none. */
export function stepsOf(value: unknown): number | null {
  const text = String(value ?? '').trim();
  const steps = /^[-−]?\d{1,3}$/.test(text) ? Number(text.replace('−', '-')) : null;
  return steps !== null && Math.abs(steps) <= PRIORITY_MAX ? steps : null;
}

function sent(key: string, value: unknown): unknown {
  if (key === 'skills') return (value as SkillRow[]).map(({ skill, level }) => ({ skill: skillId(skill), level }));
  if (key === 'priority') return stepsOf(value);
  if (key === 'place') return Number(value);
  return typeof value === 'string' ? value.trim() : value;
}
