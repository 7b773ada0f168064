/** Asks the server for something, and says so while that takes longer than it should. */
import type { AckFrame } from '@switchboard/protocol';
import type { Link } from './state/link.svelte';
import { Refused, type Request } from './state/requests';
import type { ToastList } from './state/toasts.svelte';

/** Whom to ask, and where to say it. */
export interface Asker {
  link: Pick<Link, 'requests'> | null;
  toasts: Pick<ToastList, 'during'>;
}

const HELD_WORDS = 'The server cannot do this now. It is tried again.';

/** Settles with the answer; throws `Refused`. */
export async function ask({ link, toasts }: Asker, request: Request): Promise<AckFrame> {
  if (!link) throw new Refused({ code: 'unavailable', message: 'There is no connection' });
  let over: (() => void) | undefined;
  try {
    return await link.requests.ask(request, () => (over = toasts.during(HELD_WORDS)));
  } finally {
    over?.();
  }
}
