import { expect, test } from 'vitest';
import { Contact } from './contact.svelte';
import { Http } from './http';

function server(answer: (method: string, body: unknown, match: string | undefined) => Response) {
  return new Http(async (path, { method = '', body, headers }) => {
    expect(path).toBe('/api/v1/chats/chat-1/contact');
    const match = (headers as Record<string, string>)['if-match'];
    return answer(method, typeof body === 'string' ? JSON.parse(body) : undefined, match);
  });
}

const set = (priority: number): Response =>
  new Response(JSON.stringify({ verified: true, subject: 'customer-7', priority, version: 40 + priority }));

test('steps are saved as they were seen', async () => {
  const asked: unknown[] = [];
  const contact = new Contact(
    server((method, body, match) => {
      asked.push([method, body, match]);
      return set(method === 'GET' ? 0 : 5);
    }),
    'chat-1',
  );
  await contact.load();
  expect([contact.priority, contact.dirty]).toEqual([0, false]);
  contact.write('much');
  expect(await contact.save()).toBe(false);
  expect(contact.wrong).not.toBe('');
  contact.write(' 5 ');
  expect(contact.dirty).toBe(true);
  expect(await contact.save()).toBe(true);
  expect([contact.priority, contact.typed, contact.dirty, contact.wrong]).toEqual([5, '5', false, '']);
  expect(asked).toEqual([['GET', undefined, undefined], ['PATCH', { priority: 5 }, '"40"']]);
});

test('what the server says against it is shown, and what was written stays', async () => {
  const changed = { code: 'conflict', why: 'changed', detail: 'somebody else has changed it meanwhile' };
  const contact = new Contact(
    server((method) => (method === 'GET' ? set(0) : new Response(JSON.stringify(changed), { status: 409 }))),
    'chat-1',
  );
  await contact.load();
  contact.write('7');
  expect(await contact.save()).toBe(false);
  expect([contact.typed, contact.wrong]).toEqual(['7', 'Not saved: somebody else has changed it meanwhile']);
});

test('what somebody else changed meanwhile is read anew, and the next save counts', async () => {
  let kept = { priority: 0, version: 40 };
  const matches: unknown[] = [];
  const contact = new Contact(
    server((method, body, match) => {
      if (method === 'PATCH') {
        matches.push(match);
        if (match !== `"${kept.version}"`) {
          const changed = { code: 'conflict', why: 'changed', detail: 'somebody else has changed it meanwhile' };
          return new Response(JSON.stringify(changed), { status: 409 });
        }
        kept = { priority: (body as { priority: number }).priority, version: kept.version + 1 };
      }
      return new Response(JSON.stringify({ verified: true, subject: 'customer-7', ...kept }), { status: 200 });
    }),
    'chat-1',
  );
  await contact.load();
  kept = { priority: 3, version: 41 };
  contact.write('7');
  expect(await contact.save()).toBe(false);
  expect([contact.typed, contact.priority, contact.dirty], 'what is typed stays beside what counts now').toEqual(['7', 3, true]);
  expect(contact.wrong).toBe('Not saved: somebody else has changed it meanwhile');
  expect(await contact.save()).toBe(true);
  expect([kept.priority, contact.typed, contact.dirty, contact.wrong]).toEqual([7, '7', false, '']);
  expect(matches).toEqual(['"40"', '"41"']);
});
