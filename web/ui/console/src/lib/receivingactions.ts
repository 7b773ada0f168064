/** What the palette has beside the fixed actions: a line for each of one's groups, and for each profile. */
import type { Acts } from './acts';
import type { Desk } from './desk.svelte';
import type { Action } from './state/keys';

export function receivingActions(
  desk: Pick<Desk, 'receiving'> & { link: { connected: boolean } | null },
  acts: Pick<Acts, 'setReceiving' | 'chooseProfile'>,
): Action[] {
  const { receiving } = desk;
  const connected = (): boolean => desk.link?.connected ?? false;
  const groups = receiving.groups
    .filter((group) => !group.left_out)
    .map(({ id, name, active, handling }): Action => ({
      id: `receive-${id}`,
      label: active ? `Get no new chats from ${name}` : `Get new chats from ${name}`,
      hint: handling === 'pull' ? 'you take these yourself' : 'a group of yours',
      section: 'Status',
      can: connected,
      run: () => void acts.setReceiving(id, !active),
    }));
  const profile = (id: string | null, name: string, hint: string): Action => ({
    id: `profile-${id ?? ''}`,
    label: `Work on ${name}`,
    hint,
    section: 'Status',
    can: () => receiving.profile !== id,
    run: () => void acts.chooseProfile(id),
  });
  const names = (ids: readonly string[]): string =>
    receiving.groups.flatMap((group) => (ids.includes(group.id) ? [group.name] : [])).join(', ');
  if (receiving.profiles.length === 0 && receiving.profile === null) return groups;
  const profiles = receiving.profiles.map(({ id, name, groups }) => profile(id, name, `profile: ${names(groups)}`));
  return [...groups, profile(null, 'all my groups', 'no profile'), ...profiles];
}
