/** Words for messages that visitors left. */
import type { LeftMessageRow, LeftState } from '@switchboard/protocol';

export const LEFT_WORDS: Record<LeftState, string> = {
  new: 'New',
  answered_outside: 'Answered',
  done: 'Done',
};

/** Who left it: the name, else the address. */
export function leftName(row: Pick<LeftMessageRow, 'name' | 'email'>): string {
  return row.name ?? row.email;
}

/** Opens the mail program with an answer to it. */
export function replyTo(row: LeftMessageRow): string {
  const quoted = row.text
    .slice(0, 1_000)
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\r\n');
  const fields = { subject: 'Your message', body: `\r\n\r\n${quoted}` };
  const query = Object.entries(fields).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `mailto:${encodeURIComponent(row.email)}?${query.join('&')}`;
}
