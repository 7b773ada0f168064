/** What a group's settings mean for a chat that arrives now: its path, step by step, and what holds besides. */
import { plural } from '../words';
import { nowWords } from './clocks';
import type { Values } from './form.svelte';
import { OFFER_S, WAIT_S } from './group';
import type { Week } from './hours';
import { limitValue, membersOf, whole } from './members';
import { type Help, numberOf, OFFLINE_FORM, RULE_S_MAX } from './rules';
import type { OfferMode, Operator } from './staff';

/** One step of the path, or what holds besides. */
export interface Meaning {
  /** When, as it is shown. */
  at: string;
  title: string;
  say: string;
  /** Fields that this step follows from. */
  from: readonly string[];
  last?: boolean;
}

/** Who is who: an operator by the id, and the name of a group; and the account's time zone. */
export interface Names {
  operator: (id: string) => Operator | undefined;
  group: (id: string) => string;
  timeZone: string;
}

/** A step that comes after a set time. */
interface Timed extends Meaning {
  after: number;
}

/** The path, with the values as they are written. */
export function meaningOf(values: Values, names: Names): Meaning[] {
  const asked = askedOf(values, names.operator);
  const end = endOf(values, names);
  const timed = [...greetingStep(values), ...overflowStep(values, names), ...relaxStep(values)].sort(
    (a, b) => a.after - b.after,
  );
  const too = (step: Timed): Meaning =>
    step.after < end.after
      ? step
      : { ...step, title: `${step.title}: too late`, say: 'The wait is over before this time has come.' };
  const own = ownStep(values);
  if (own.length > 0 && asked[0]) asked[0] = { ...asked[0], at: 'then' };
  return [...own, ...asked, ...timed.map(too), { ...end, last: true }].map(({ at, title, say, from, last }) => ({
    at,
    title,
    say,
    from,
    ...(last ? { last } : {}),
  }));
}

const LOWEST = 'Of those who are online and below their limits, the one with the lowest share of capacity in use.';

/** The first step of each mode; who is asked is said as `3 primary members`. */
const FIRST: Record<OfferMode, (asked: string) => Pick<Meaning, 'title' | 'say'>> = {
  automatic: (asked) => ({ title: `Assigned to one of ${asked}`, say: `${LOWEST} Nobody has to accept.` }),
  single: (asked) => ({ title: `Offered to one of ${asked}`, say: LOWEST }),
  ring_all: (asked) => ({
    title: `Rings at all of ${asked}`,
    say: 'At those who are online and below their limits. The first to accept has it, the others are told who.',
  }),
};

/** Whom the group itself asks, in this order. */
function askedOf(values: Values, operator: Names['operator']): Meaning[] {
  const can = membersOf(values).filter(([id, { limit, active }]) => {
    const person = operator(id);
    return active && limitValue(limit) !== 0 && person?.limit !== 0 && !person?.disabled;
  });
  const count = (handling: string): number => can.filter(([, one]) => one.handling === handling).length;
  const [primary, secondary, pull] = [count('primary'), count('secondary'), count('pull')];
  const mode = values['offer_mode'] as OfferMode;
  const rings = whole(String(values['offer_expires_after_s']), OFFER_S.least, OFFER_S.most);
  const first = primary > 0 ? primary : secondary;
  const asked = plural(first, primary > 0 ? 'primary member' : 'secondary member');
  const steps: Meaning[] = [];

  if (first > 0) steps.push({ at: '0 s', ...FIRST[mode](asked), from: ['offer_mode', 'members'] });
  if (first > 0 && mode === 'ring_all')
    steps.push({
      at: rings === null ? '' : span(rings),
      title: 'Rings again',
      say: 'Nobody has missed it. The visitor keeps the place in the queue.',
      from: ['offer_expires_after_s'],
    });
  if (first > 0 && mode === 'single')
    steps.push({
      at: rings === null ? '' : span(rings),
      title: first > 1 || secondary > 0 ? 'Offered to the next' : 'Offered again',
      say:
        first > 1 || (primary > 0 && secondary > 0)
          ? 'A declined or missed offer goes to somebody else first. The visitor keeps the place in the queue.'
          : 'There is nobody else to ask. The visitor keeps the place in the queue.',
      from: ['offer_expires_after_s'],
    });
  if (primary > 0 && secondary > 0)
    steps.push({
      at: '',
      title: `Then one of ${plural(secondary, 'secondary member')}`,
      say: 'Only while no primary member may be offered the chat.',
      from: ['members'],
    });
  if (first === 0)
    steps.push({
      at: '0 s',
      title: 'Nobody is asked',
      say:
        pull > 0
          ? 'There are pull members only, and they take chats by themselves.'
          : 'The group has no member who gets chats: visitors get the off-line form.',
      from: ['members', 'offer_mode', 'offer_expires_after_s'],
    });
  if (pull > 0)
    steps.push({
      at: 'any time',
      title: `${plural(pull, 'pull member')} may take it`,
      say: 'From the list of waiting chats, as every other member may.',
      from: ['members'],
    });
  return steps;
}

/** What the visitor is told in the meantime. */
function greetingStep(values: Values): Timed[] {
  const after = numberOf(values, 'greeting_after_s');
  if (after === null || String(values['greeting'] ?? '').trim() === '') return [];
  return [
    {
      after,
      at: span(after),
      title: 'The visitor is greeted',
      say: 'With the group’s text, once, unless an operator has answered before.',
      from: ['greeting', 'greeting_after_s'],
    },
  ];
}

/** Operators for whom a chat waits before anybody else is asked. */
function ownStep(values: Values): Meaning[] {
  const [days, last, wanted] = (
    ['last_operator_days', 'last_operator_waits_s', 'wanted_operator_waits_s'] as const
  ).map((key) => numberOf(values, key) ?? 0) as [number, number, number];
  const steps: Meaning[] = [];
  if (wanted > 0)
    steps.push({
      at: 'first',
      title: `Whom the page names, for ${span(wanted)}`,
      say: 'Nobody else is asked so long. Pages and links that name nobody do not wait.',
      from: ['wanted_operator_waits_s'],
    });
  if (days > 0 && last > 0)
    steps.push({
      at: 'first',
      title: `Who served them last, for ${span(last)}`,
      say: `When that was at most ${plural(days, 'day')} ago. It ends early when they decline. New visitors do not wait.`,
      from: ['last_operator_days', 'last_operator_waits_s'],
    });
  return steps;
}

function overflowStep(values: Values, { group }: Names): Timed[] {
  const help = values['overflow'] as Help | null | undefined;
  const after = help ? whole(help.after, 0, RULE_S_MAX) : null;
  if (!help || after === null || help.groups.length === 0) return [];
  const all = help.groups.map(group);
  return [
    {
      after,
      at: span(after),
      title: `${listed(all)} ${all.length === 1 ? 'joins' : 'join'} in`,
      say: 'Their members are asked as well. The chat keeps its place here.',
      from: ['overflow'],
    },
  ];
}

function relaxStep(values: Values): Timed[] {
  const every = numberOf(values, 'skill_relaxed_every_s');
  if (every === null) return [];
  return [
    {
      after: every,
      at: span(every),
      title: 'One skill less is asked for',
      say: `The last one first, then another each ${span(every)}: at last anybody may have the chat.`,
      from: ['skill_relaxed_every_s'],
    },
  ];
}

/** Where the wait ends, whatever ends it first. */
function endOf(values: Values, { group }: Names): Timed {
  const waits = whole(String(values['connection_timeout_s']), WAIT_S.least, WAIT_S.most);
  const turned = numberOf(values, 'queue_wait_max_s');
  const instead = String(values['when_full'] ?? OFFLINE_FORM);
  if (turned !== null && (waits === null || turned < waits))
    return {
      after: turned,
      at: span(turned),
      title: instead === OFFLINE_FORM ? 'Off-line form' : `On to ${group(instead)}`,
      say:
        instead === OFFLINE_FORM
          ? 'Unless it rings just then, the visitor may leave a message instead.'
          : `A place in that queue; if it has none either, the off-line form.`,
      from: ['queue_wait_max_s', 'when_full'],
    };
  return {
    after: waits ?? Number.POSITIVE_INFINITY,
    at: waits === null ? '' : span(waits),
    title: 'Off-line form',
    say: 'Nobody could answer in time: the visitor may leave a message instead.',
    from: ['connection_timeout_s'],
  };
}

/** What holds besides the path, with the values as they are written. */
export function besidesOf(values: Values, { group, timeZone }: Names, now: number): Meaning[] {
  const holds: Meaning[] = [];
  const add = (title: string, say: string, from: readonly string[]): void => {
    holds.push({ at: '', title, say, from });
  };
  const week = values['hours'] as Week | null | undefined;
  if (week)
    add('Opening hours', `${nowWords(week, timeZone, now)} While closed, visitors get the off-line form.`, ['hours']);
  const most = numberOf(values, 'queue_length_max');
  if (most !== null) {
    const instead = String(values['when_full'] ?? OFFLINE_FORM);
    const then = instead === OFFLINE_FORM ? 'the off-line form' : `a place in ${group(instead)}`;
    add(most === 0 ? 'Nobody may wait' : `At most ${plural(most, 'chat')} may wait`, `Who comes then gets ${then}.`, [
      'queue_length_max',
      'when_full',
    ]);
  }
  const missed = numberOf(values, 'expired_offers_until_away');
  if (missed !== null)
    add(
      `Away after ${plural(missed, 'missed offer')}${missed === 1 ? '' : ' in a row'}`,
      'The operator gets no more chats until they set themselves to online again.',
      ['expired_offers_until_away'],
    );
  if (values['lost_operator'] !== undefined)
    add(
      values['lost_operator'] === 'requeue' ? 'Lost operators’ chats wait again' : 'Lost operators keep their chats',
      values['lost_operator'] === 'requeue'
        ? 'After the wait that Presence sets, at the front of the queue.'
        : 'The visitor waits for them to come back, or for a colleague to take the chat.',
      ['lost_operator'],
    );
  const inTime = numberOf(values, 'service_level_within_s');
  if (inTime !== null)
    add(
      `In time within ${span(inTime)}`,
      'What reports and dashboards call answered in time; no chat is treated differently for it.',
      ['service_level_within_s'],
    );
  const steps = numberOf(values, 'priority');
  if (steps !== null && steps !== 0)
    add(
      steps > 0 ? 'Moved ahead' : 'Moved back',
      `Chats rank as if they had come ${span(Math.abs(steps) * 60)} ${steps > 0 ? 'earlier' : 'later'}.`,
      ['priority'],
    );
  return holds;
}

/** `20 s`, `5 min`, `1 h 30 min`: the shortest that is exact. */
export function span(seconds: number): string {
  if (seconds % 60 !== 0) return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = seconds / 60;
  if (minutes === 0) return '0 s';
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** `Sales`, `Sales and Returns`, `Sales, Returns and Billing`. */
export function listed(all: readonly string[]): string {
  return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}
