// What the window's client needs from outside.

import type { Holder, Shelf, Socket } from '@switchboard/protocol';

export interface ClientOptions {
  brand: string;
  url: string;
  shelf: Shelf;
  holder: Holder;
  language?: string;
  socket?: (url: string, protocol: string) => Socket;
  random?: () => number;
  onChange: () => void;
  /** A live message of the other side arrived. */
  onMessage?: () => void;
}
