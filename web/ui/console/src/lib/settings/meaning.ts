/** What a group's settings mean for a chat that arrives now: its path, step by step, in words. */
import { plural } from '../words';
import { WAIT_S, OFFER_S } from './group';
import type { Values } from './form.svelte';
import { limitValue, membersOf, whole } from './members';
import type { Operator } from './staff';

/** One step of the path. */
export interface Meaning {
  /** When, as it is shown. */
  at: string;
  title: string;
  say: string;
  /** Fields that this step follows from. */
  from: readonly string[];
  last?: boolean;
}

/** The path, with the values as they are written. `operator` tells who a member is. */
export function meaningOf(values: Values, operator: (id: string) => Operator | undefined): Meaning[] {
  const can = membersOf(values).filter(([id, { limit }]) => {
    const person = operator(id);
    return limitValue(limit) !== 0 && person?.limit !== 0 && !person?.disabled;
  });
  const count = (handling: string): number => can.filter(([, one]) => one.handling === handling).length;
  const [primary, secondary, pull] = [count('primary'), count('secondary'), count('pull')];
  const automatic = values['offer_mode'] === 'automatic';
  const rings = whole(String(values['offer_expires_after_s']), OFFER_S.least, OFFER_S.most);
  const waits = whole(String(values['connection_timeout_s']), WAIT_S.least, WAIT_S.most);
  const first = primary > 0 ? primary : secondary;
  const asked = plural(first, primary > 0 ? 'primary member' : 'secondary member');
  const steps: Meaning[] = [];

  if (first > 0)
    steps.push({
      at: '0 s',
      title: `${automatic ? 'Assigned to' : 'Offered to'} one of ${asked}`,
      say: `Of those who are online and below their limits, the one with the lowest share of capacity in use.${
        automatic ? ' Nobody has to accept.' : ''
      }`,
      from: ['offer_mode', 'members'],
    });
  if (first > 0 && !automatic)
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
          : 'The group has no member who gets chats: the visitor waits in vain.',
      from: ['members', 'offer_mode', 'offer_expires_after_s'],
    });
  if (pull > 0)
    steps.push({
      at: 'any time',
      title: `${plural(pull, 'pull member')} may take it`,
      say: 'From the list of waiting chats, as every other member may.',
      from: ['members'],
    });
  steps.push({
    at: waits === null ? '' : span(waits),
    title: 'The wait is over',
    say: 'The visitor is told that nobody could answer, and the chat ends as “nobody answered in time”.',
    from: ['connection_timeout_s'],
    last: true,
  });
  return steps;
}

/** `20 s`, `5 min`, `1 h 30 min`: the shortest that is exact. */
export function span(seconds: number): string {
  if (seconds % 60 !== 0) return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = seconds / 60;
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
