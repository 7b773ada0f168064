/** Who receives from which group, set for somebody by whoever may set the status of others: at once, without a save. */
import type { Desk } from '../desk.svelte';
import { ask, type Asker } from '../ask';
import { Refused } from '../state/requests';
import type { Editor } from './editor.svelte';
import { type Member, memberKey, type Side } from './members';

/** What it takes of the desk. */
export type Setter = Asker & {
  toasts: Pick<Desk['toasts'], 'wrong'>;
  settings: Pick<Desk['settings'], 'lists'>;
};

/** Shows it as set, and sets it; what the server refuses is as it was again, and that is said. */
export async function setReceives(desk: Setter, { form }: Editor, { of, id }: Side, other: string, active: boolean) {
  const [group, operator] = of === 'group' ? [id, other] : [other, id];
  const key = memberKey(other);
  const show = (active: boolean): void => {
    const member = form.saved[key] as Member | null | undefined;
    if (member) form.settle(key, { ...member, active });
  };
  show(active);
  try {
    await ask(desk, { type: 'membership_status', group, operator, active });
  } catch (error) {
    show(!active);
    const { lists } = desk.settings;
    const why = error instanceof Refused ? error.message : 'something went wrong in this page';
    const [who, where] = [lists.operator(operator)?.name ?? operator, lists.group(group)?.name ?? group];
    desk.toasts.wrong(`${who} in ${where} stays as it was: ${why}`);
  }
}
