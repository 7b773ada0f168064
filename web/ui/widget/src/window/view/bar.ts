// The bar that tells of a lost connection: what happens next, and a way to hurry it.

import { WifiOff } from 'lucide';
import type { ConnectionState } from '@switchboard/protocol';
import { h, icon, setText } from '../../dom';
import type { Context } from './screen';

/** A short break, as when a server restarts, is not worth a word. */
const TELL_AFTER = 700;

export function connectionBar(context: Context): { element: HTMLElement; update: () => void } {
  const { t, client } = context;
  const words = h('span', { role: 'status' });
  const seconds = h('span', { 'aria-hidden': 'true' });
  const now = h('button', { type: 'button', onclick: () => client.retryNow() });
  const element = h('div.bar', { hidden: true }, icon(WifiOff, 16), h('span.grow', {}, words, ' ', seconds), now);
  let lostAt: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function update(): void {
    clearTimeout(timer);
    const state = client.connection;
    const beginning = state.kind === 'idle' || (state.kind === 'connecting' && !client.wasConnected && lostAt === null);
    if (state.kind === 'connected' || beginning) {
      lostAt = null;
      element.hidden = true;
      return;
    }
    lostAt ??= Date.now();
    element.hidden = state.kind !== 'stopped' && Date.now() - lostAt < TELL_AFTER;
    show(state);
    if (state.kind !== 'stopped') timer = setTimeout(update, element.hidden ? TELL_AFTER : 500);
  }

  function show(state: ConnectionState): void {
    if (element.hidden) return;
    const stopped = state.kind === 'stopped';
    setText(words, stopped ? stopText(state.code) : state.kind === 'waiting' ? t('connection.lost') : t('connection.connecting'));
    const left = state.kind === 'waiting' ? Math.max(1, Math.ceil((state.retryAt - Date.now()) / 1000)) : 0;
    setText(seconds, left > 0 ? t('connection.retry_in', { seconds: left }) : '');
    setText(now, stopped ? t('connection.again') : t('connection.now'));
    now.hidden = state.kind !== 'waiting' && !stopped;
  }

  function stopText(code: number): string {
    return code === 4409 ? t('connection.replaced') : code === 4426 ? t('connection.version') : t('connection.stopped');
  }
  return { element, update };
}
