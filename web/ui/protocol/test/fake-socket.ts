// A WebSocket whose server is the test.

import type { Socket } from '../src/index';

export class FakeSocket implements Socket {
  onopen: ((event: any) => void) | null = null;
  onmessage: ((event: any) => void) | null = null;
  onclose: ((event: any) => void) | null = null;
  onerror: ((event: any) => void) | null = null;
  readonly sent: any[] = [];
  closedWith: number | null = null;

  constructor(readonly url: string, readonly protocol: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005;
  }

  /** The network opens, the client says hello, the server answers. */
  welcome(): void {
    this.onopen?.({});
    this.says({ type: 'welcome' });
  }

  says(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }

  dies(code: number, reason = ''): void {
    this.onclose?.({ code, reason });
  }
}

/** All sockets that a connection made, in order. */
export function sockets(): { make: (url: string, protocol: string) => Socket; all: FakeSocket[]; last: () => FakeSocket } {
  const all: FakeSocket[] = [];
  return {
    all,
    make: (url, protocol) => {
      const socket = new FakeSocket(url, protocol);
      all.push(socket);
      return socket;
    },
    last: () => all[all.length - 1]!,
  };
}
