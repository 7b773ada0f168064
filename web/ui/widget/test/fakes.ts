// A server for one visitor: what the widget's client gets and what it sent.

import type { Socket, VisitorEvent } from '@switchboard/protocol';

export class FakeServer {
  readonly sent: any[] = [];
  socket!: FakeSocket;
  connections = 0;
  private opened: FakeSocket | null = null;

  readonly make = (): Socket => {
    this.connections++;
    this.socket = new FakeSocket(this.sent);
    return this.socket;
  };

  /** What arrived since the last look, of these types. */
  take(...types: string[]): any[] {
    const taken = this.sent.filter((frame) => types.includes(frame.type));
    this.sent.splice(0, this.sent.length, ...this.sent.filter((frame) => !types.includes(frame.type)));
    return taken;
  }

  opens(): void {
    if (this.opened === this.socket) return;
    this.opened = this.socket;
    this.socket.onopen?.({});
  }

  says(frame: unknown): void {
    this.socket.onmessage?.({ data: JSON.stringify(frame) });
  }

  welcomes(more: object = {}): void {
    this.opens();
    this.says({
      type: 'welcome', token: 'token-1', visitor: 'visitor-1', state: 'online', server_time: '2026-11-21T10:00:00.000Z',
      window: {
        name: 'Larkfield', color: '#24594a', language: 'en', texts: {}, departments: [],
        welcome: { on: true, name: 'required', email: 'optional', question: 'required' },
      },
      ...more,
    });
  }

  event(seq: number, event: VisitorEvent, more: object = {}): void {
    this.says({ type: 'event', chat: 'chat-1', seq, at: '2026-11-21T10:00:00.000Z', event, ...more });
  }

  dies(code = 1006): void {
    this.socket.onclose?.({ code, reason: '' });
  }
}

class FakeSocket implements Socket {
  onopen: ((event: any) => void) | null = null;
  onmessage: ((event: any) => void) | null = null;
  onclose: ((event: any) => void) | null = null;
  onerror: ((event: any) => void) | null = null;

  constructor(private readonly sent: any[]) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {}
}

export function message(text: string, role: 'visitor' | 'operator' = 'operator'): VisitorEvent {
  return { kind: 'message', id: text, from: { role, name: role === 'operator' ? 'Sue Tanaka' : 'Clara' }, text, files: [], to: 'everyone' };
}

export const CHAT = {
  id: 'chat-1', state: 'active', seq: 0, operator: 'Sue Tanaka',
  marks: { visitor: { delivered: 0, read: 0 }, operators: { delivered: 0, read: 0 } },
} as const;
