/** One department's settings: what its chats ask for, and how far they are moved ahead. */
import type { Http } from '../http';
import { Editor, patchSteps } from './editor.svelte';
import type { Values } from './form.svelte';
import { numberOf, PRIORITY_MAX } from './rules';
import { checkSkills, type SkillRow, WANTED_SKILLS_MAX, wantedOf } from './skills';
import type { Department } from './staff';

const OWN = ['name', 'skills', 'match_language', 'priority'] as const;

export function departmentEditor(http: Http, id: string): Editor {
  const path = `/departments/${id}`;
  let version: number | undefined;
  return new Editor({
    load: async () => {
      const { name, skills = [], match_language, priority, ...loaded } = await http.get<Department>(path);
      ({ version } = loaded);
      return {
        name,
        skills: skills.map(({ skill, level }) => ({ skill, level })),
        match_language,
        priority: String(priority ?? 0),
      };
    },
    check: checkDepartment,
    steps: (form) => patchSteps(http, path, form, OWN, (key) => sent(key, form.values), version),
  });
}

function checkDepartment(values: Values): Record<string, string> {
  const wrong = checkSkills((values['skills'] ?? []) as SkillRow[], WANTED_SKILLS_MAX);
  if (String(values['name']).trim() === '') wrong['name'] = 'A department needs a name';
  if (numberOf(values, 'priority') === null) wrong['priority'] = `Expected -${PRIORITY_MAX} to ${PRIORITY_MAX} steps`;
  return wrong;
}

function sent(key: string, values: Values): unknown {
  const value = values[key];
  if (key === 'skills') return wantedOf(value as SkillRow[]);
  if (key === 'priority') return numberOf(values, 'priority');
  return typeof value === 'string' ? value.trim() : value;
}
