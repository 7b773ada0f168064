import { expect, test } from 'vitest';
import { Http } from '../http';
import { idWrong, Making, nameWrong } from './making.svelte';

/** A server that answers as it is told, and remembers the keys it was asked under. */
function server() {
  const keys: (string | undefined)[] = [];
  const answers: (() => Response)[] = [];
  const http = new Http(async (_path, init) => {
    keys.push((init.headers as Record<string, string>)['idempotency-key']);
    return (answers.shift() ?? (() => Response.json({ id: 'sales' }, { status: 201 })))();
  });
  return { http, keys, answers };
}
const refusal = (body: object, status: number) => () => Response.json(body, { status });

test('what is wrong is said before anything is asked for', async () => {
  const { http, keys } = server();
  const making = new Making(http, 'groups', ['name', 'id']);
  const wrong = { ...nameWrong(' ', 'group'), ...idWrong('sales', 'group', [{ id: 'sales' }]) };
  expect(await making.make(wrong, {})).toBe(null);
  expect(making.wrong).toEqual({ name: 'A group needs a name', id: 'There is a group with this id' });
  expect([idWrong('no id', 'group', []), idWrong('fine', 'group', []), keys]).toEqual([
    { id: '1 to 64 of A-Z a-z 0-9 _ -' },
    {},
    [],
  ]);
});

test('a lost answer is asked for again under the same key, a refusal is a new try', async () => {
  const { http, keys, answers } = server();
  const making = new Making(http, 'groups', ['name', 'id']);
  answers.push(() => {
    throw new TypeError('no network');
  });
  expect(await making.make({}, { id: 'sales' })).toBe(null);
  expect(making.refused).toMatch(/^Not made: The server cannot be reached/);
  answers.push(refusal({ code: 'invalid', field: 'name', detail: 'too long' }, 422));
  expect(await making.make({}, { id: 'sales' })).toBe(null);
  expect([making.refused, making.wrong]).toEqual(['', { name: 'Too long' }]);
  answers.push(refusal({ code: 'invalid', field: 'place', detail: 'not a number' }, 422));
  expect(await making.make({}, { id: 'sales' })).toBe(null);
  expect([making.refused, making.wrong], 'nothing shows that field').toEqual(['Not made: not a number', {}]);
  expect([await making.make({}, { id: 'sales' }), making.wrong, making.busy]).toEqual(['sales', {}, false]);
  expect([keys[0] === keys[1], keys[1] === keys[2]]).toEqual([true, false]);
});
