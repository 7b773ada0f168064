// A server for one visitor: what the widget's client gets and what it sent.

import { leaseHolder, memoryShelf, type Shelf, type Socket, type VisitorEvent, type WindowDepartment } from '@switchboard/protocol';
import type { Given } from '../src/bridge';
import { Client } from '../src/window/client';
import type { Line } from '../src/window/conversation';

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

  welcomes(more: object = {}, departments: WindowDepartment[] = []): void {
    this.opens();
    this.says({
      type: 'welcome', token: 'token-1', visitor: 'visitor-1', state: 'online', server_time: '2026-11-21T10:00:00.000Z',
      window: {
        name: 'Larkfield', color: '#24594a', language: 'en', texts: {}, departments,
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

export async function visitor(shelf: Shelf = memoryShelf(), given: Given = {}) {
  const server = new FakeServer();
  let rang = 0;
  const client = new Client({
    brand: 'demo', url: 'ws://chat.example/ws/visitor', shelf, holder: leaseHolder(shelf), socket: server.make,
    random: () => 0, onChange: () => {}, onMessage: () => rang++,
  });
  client.givenIs(given);
  await client.open({ url: 'https://shop.example/', title: 'Shop' });
  const texts = (): string[] => lines().map((line) => (line.kind === 'message' ? `${line.text}: ${line.state}` : line.kind));
  const lines = (): Line[] => client.chat?.lines(client.pending) ?? [];
  return { server, client, shelf, texts, lines, rang: () => rang };
}

/** A visitor in a running chat whose history (one question) has been read. */
export async function chatting(shelf?: Shelf) {
  const all = await visitor(shelf);
  all.server.welcomes({ chat: CHAT });
  all.server.event(1, { kind: 'started' });
  all.server.event(2, message('My sofa is broken', 'visitor'));
  all.server.event(3, { kind: 'assigned', name: 'Sue Tanaka' });
  all.server.says({ type: 'resumed', chat: 'chat-1', through: 3, last: 3, marks: CHAT.marks });
  return all;
}
