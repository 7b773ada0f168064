/** Who of a department can what its chats ask for. */
import { plural } from '../words';
import { skillId, type SkillRow, skillWords } from './skills';
import type { Operator } from './staff';

/** How many members can all of it, and which skill nobody has; none where nothing is asked for. */
export function wantedWords(
  wanted: readonly SkillRow[],
  members: readonly Operator[],
): { say: string; nobody: boolean } | null {
  const asked = wanted.filter(({ skill }) => skillId(skill) !== '');
  if (asked.length === 0) return null;
  const who = members.filter(({ disabled }) => !disabled);
  const has = ({ skills }: Operator, { skill, level }: SkillRow): boolean => (skills?.[skillId(skill)] ?? 0) >= level;
  const nobody = asked.find((row) => !who.some((one) => has(one, row)));
  if (nobody)
    return {
      say: `Nobody in its groups has ${skillWords(skillId(nobody.skill))} at level ${nobody.level}: chats wait until a group gives it up.`,
      nobody: true,
    };
  const able = who.filter((one) => asked.every((row) => has(one, row))).length;
  if (able === 0)
    return { say: 'Nobody in its groups has all of them: chats wait until a group gives one up.', nobody: true };
  return { say: `${plural(able, 'member')} of its groups ${able === 1 ? 'has' : 'have'} all of them.`, nobody: false };
}
