/** Skills with levels, as operators have them. */
import type { Department, Skills } from './staff';

/** A skill as it is written. */
export interface SkillRow {
  skill: string;
  level: number;
}

export const LEVEL = { least: 1, most: 10, usual: 5 } as const;
export const LEVELS: readonly number[] = Array.from({ length: LEVEL.most }, (_, at) => at + LEVEL.least);
export function rowsOf(skills: Skills): SkillRow[] {
  return Object.entries(skills).map(([skill, level]) => ({ skill, level }));
}

export function skillsOf(rows: readonly SkillRow[]): Skills {
  return Object.fromEntries(rows.map(({ skill, level }) => [skillId(skill), level]));
}

/** As skills are named: `After sales` is `after-sales`. */
export function skillId(written: string): string {
  return written.trim().toLowerCase().replace(/\s+/g, '-');
}

/** What is wrong, by place: `skills.2` is the third. */
export function checkSkills(rows: readonly SkillRow[]): Record<string, string> {
  const wrong: Record<string, string> = {};
  rows.forEach(({ skill }, at) => {
    const id = skillId(skill);
    if (!/^[a-z0-9_:-]{1,64}$/.test(id)) wrong[`skills.${at}`] = 'Expected 1 to 64 of a-z 0-9 _ - :';
    else if (rows.slice(0, at).some((other) => skillId(other.skill) === id))
      wrong[`skills.${at}`] = 'Expected each skill once';
  });
  return wrong;
}

const languages = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** What a skill is called: `language:de` is German. */
export function skillWords(skill: string): string {
  const [, code] = /^language:(.+)$/.exec(skill) ?? [];
  return code === undefined ? skill : languageName(code, skill);
}

/** What a language is called: `pt-BR` is Brazilian Portuguese. */
export function languageName(tag: string, unknown = tag): string {
  try {
    return languages.of(tag) ?? unknown;
  } catch {
    return unknown;
  }
}

/** Skills in a list: `German 8, returns 5`. */
export function skillsInWords(rows: readonly SkillRow[]): string {
  return rows.map(({ skill, level }) => `${skillWords(skill)} ${level}`).join(', ');
}

/** What the chats of a department need: `the visitor’s language, returns 5`; nothing is empty. */
export function needsInWords({ skills = [], match_language }: Department): string {
  return [match_language ? 'the visitor’s language' : '', skillsInWords(skills)].filter(Boolean).join(', ');
}
