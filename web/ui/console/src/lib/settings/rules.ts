/** What a group sets of routing, as its form holds it: numbers as they are written, and what is wrong with them. */
import { checkWeek, hoursOf, type Week, weekOf } from './hours';
import type { Values } from './form.svelte';
import { LIMIT_MAX, whole } from './members';
import type { Rules } from './staff';

/** Groups that may help another; the server takes no more. */
export const OVERFLOW_GROUPS_MAX = 8;
/** Longest time that may be set: a day. */
export const RULE_S_MAX = 86_400;
export const PRIORITY_MAX = 90;
export const LAST_OPERATOR_DAYS_MAX = 366;
/** Shortest and longest time that counts as answered in time, in seconds. */
export const IN_TIME_S = { least: 1, most: 3600 } as const;

/** Help by other groups, as it is written. */
export interface Help {
  after: string;
  groups: string[];
}

interface NumberRule {
  least: number;
  most: number;
  /** What is expected, in the server's words. */
  expected: string;
  /** Nothing written is nothing set. */
  empty?: true;
}

const UP_TO_A_DAY = { most: RULE_S_MAX, expected: `0 to ${RULE_S_MAX} seconds` };
const AT_LEAST_A_SECOND = { least: 1, most: RULE_S_MAX, expected: `1 to ${RULE_S_MAX} seconds, or nothing` };

const NUMBERS = {
  queue_length_max: {
    least: 0,
    most: LIMIT_MAX * 100,
    expected: `a whole number from 0 to ${LIMIT_MAX * 100}, or nothing`,
    empty: true,
  },
  queue_wait_max_s: { ...AT_LEAST_A_SECOND, empty: true },
  skill_relaxed_every_s: { ...AT_LEAST_A_SECOND, empty: true },
  last_operator_days: { least: 0, most: LAST_OPERATOR_DAYS_MAX, expected: `0 to ${LAST_OPERATOR_DAYS_MAX} days` },
  last_operator_waits_s: { least: 0, ...UP_TO_A_DAY },
  wanted_operator_waits_s: { least: 0, ...UP_TO_A_DAY },
  greeting_after_s: { least: 0, ...UP_TO_A_DAY },
  expired_offers_until_away: { least: 1, most: 999_999_999, expected: 'at least 1, or nothing', empty: true },
  service_level_within_s: { ...IN_TIME_S, expected: `${IN_TIME_S.least} to ${IN_TIME_S.most} seconds` },
  priority: { least: -PRIORITY_MAX, most: PRIORITY_MAX, expected: `-${PRIORITY_MAX} to ${PRIORITY_MAX} steps` },
} satisfies Record<string, NumberRule>;

type NumberKey = keyof typeof NUMBERS;
const NUMBER_KEYS = Object.keys(NUMBERS) as NumberKey[];

/** The keys of a form that are rules. */
export const RULE_KEYS = [
  'overflow',
  'when_full',
  'lost_operator',
  'hours',
  'greeting',
  'queue_text',
  ...NUMBER_KEYS,
] as const;
export type RuleKey = (typeof RULE_KEYS)[number];

/** What is chosen for the off-line form where else a group's id stands. */
export const OFFLINE_FORM = '';

/** The rules as they are written: those that the server has told, which may be older than this page. */
export function ruleValues(rules: Partial<Rules>): Values {
  const { overflow, when_full, lost_operator, hours } = rules;
  const values: Record<RuleKey, unknown> = {
    ...(Object.fromEntries(NUMBER_KEYS.map((key) => [key, String(rules[key] ?? '')])) as Record<NumberKey, string>),
    overflow: overflow && ({ after: String(overflow.after_s), groups: overflow.groups } satisfies Help),
    when_full: typeof when_full === 'object' ? when_full.group : OFFLINE_FORM,
    lost_operator,
    hours: hours && weekOf(hours),
    greeting: rules.greeting ?? '',
    queue_text: rules.queue_text ?? '',
  };
  return Object.fromEntries(RULE_KEYS.filter((key) => rules[key] !== undefined).map((key) => [key, values[key]]));
}

/** What is wrong with the rules of the group `own`, by where it is. */
export function checkRules(values: Values, own: string): Record<string, string> {
  const wrong: Record<string, string> = {};
  for (const key of NUMBER_KEYS) {
    const rule: NumberRule = NUMBERS[key];
    const text = String(values[key] ?? '').trim();
    if (key in values && numberOf(values, key) === null && !(rule.empty && text === ''))
      wrong[key] = `Expected ${rule.expected}`;
  }
  const help = values['overflow'] as Help | null;
  if (help) checkHelp(help, own, wrong);
  if (values['when_full'] === own) wrong['when_full'] = 'Expected another group than this one';
  const week = values['hours'] as Week | null;
  return week ? { ...wrong, ...checkWeek(week) } : wrong;
}

function checkHelp({ after, groups }: Help, own: string, wrong: Record<string, string>): void {
  if (whole(after, 0, RULE_S_MAX) === null) wrong['overflow.after_s'] = `Expected 0 to ${RULE_S_MAX} seconds`;
  if (groups.length === 0 || groups.length > OVERFLOW_GROUPS_MAX)
    wrong['overflow.groups'] = `Expected 1 to ${OVERFLOW_GROUPS_MAX} groups`;
  groups.forEach((group, at) => {
    if (group === own) wrong[`overflow.groups.${at}`] = 'Expected another group than this one';
    else if (groups.indexOf(group) < at) wrong[`overflow.groups.${at}`] = 'Expected each group once';
  });
}

/** A number of the rules as it is written; null is none, or none yet. */
export function numberOf(values: Values, key: NumberKey): number | null {
  const { least, most } = NUMBERS[key];
  const text = String(values[key] ?? '').trim();
  const number = /^[-−]?\d{1,9}$/.test(text) ? Number(text.replace('−', '-')) : null;
  return number !== null && number >= least && number <= most ? number : null;
}

/** A rule as it is sent. */
export function ruleSent(values: Values, key: RuleKey): unknown {
  const value = values[key];
  if (key === 'overflow') {
    const help = value as Help | null;
    return help && { after_s: Number(help.after), groups: help.groups };
  }
  if (key === 'hours') return value ? hoursOf(value as Week) : null;
  if (key === 'when_full') return value === OFFLINE_FORM ? 'offline_form' : { group: value };
  if (key === 'greeting' || key === 'queue_text') return String(value).trim() || null;
  return key === 'lost_operator' ? value : numberOf(values, key);
}
