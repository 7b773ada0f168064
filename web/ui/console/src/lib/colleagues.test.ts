import { describe, expect, it } from 'vitest';
import { brandsToAsk, type Colleague, groupsToAsk, matching, operatorsToAsk } from './colleagues';

const colleague = (name: string, change: Partial<Colleague> = {}): Colleague => ({
  id: name.toLowerCase(),
  name,
  status: 'online',
  held: 1,
  limit: 3,
  groups: [{ id: 'support', free: 2, handling: 'primary' }],
  ...change,
});

describe('whom to ask', () => {
  it('shows who is free first, and says of the others why not', () => {
    const all = [
      colleague('Abe', { status: 'away' }),
      colleague('Bob', { held: 3, groups: [{ id: 'support', free: 0, handling: 'primary' }] }),
      colleague('Cleo', { groups: [] }),
      colleague('Mona', { limit: null, groups: [{ id: 'support', free: null, handling: 'pull' }] }),
      colleague('Sue'),
    ];
    const found = operatorsToAsk(all, 'support');
    expect(found.map(({ name, say, can }) => `${name}: ${say}${can ? '' : ' (no)'}`)).toEqual([
      'Mona: free, 1 chat',
      'Sue: 2 free, 1 chat',
      'Abe: away (no)',
      'Bob: no free slot, 3 chats (no)',
      'Cleo: receives in no group (no)',
    ]);
  });

  it('counts the slot for the group of the chat, else for one of theirs', () => {
    const sue = colleague('Sue', {
      groups: [
        { id: 'sales', free: 0, handling: 'primary' },
        { id: 'support', free: 1, handling: 'secondary' },
      ],
    });
    expect(operatorsToAsk([sue], 'support')[0]?.can).toBe(true);
    expect(operatorsToAsk([sue], 'elsewhere')[0]?.can).toBe(false);
  });

  it('asks a group where somebody receives, free or not', () => {
    const groups = ['Returns', 'Sales', 'Support'].map((name) => ({ id: name.toLowerCase(), name }));
    const all = [
      colleague('Bob', { groups: [{ id: 'sales', free: 0, handling: 'primary' }] }),
      colleague('Sue'),
      colleague('Abe', { status: 'busy' }),
    ];
    const found = groupsToAsk(all, groups, (group) => (group === 'sales' ? 6 : undefined));
    expect(found.map(({ name, say, can, mark }) => [name, say, can, mark])).toEqual([
      ['Sales', 'nobody free, 6 waiting', true, 'busy'],
      ['Support', '1 free', true, 'online'],
      ['Returns', 'nobody receives', false, 'offline'],
    ]);
    expect(matching(found, ' SU').map(({ name }) => name)).toEqual(['Support']);
  });

  it('asks nobody in a group where all who receive take chats by hand', () => {
    const all = [
      colleague('Mona', { groups: [{ id: 'sales', free: null, handling: 'pull' }] }),
      colleague('Nora', { groups: [{ id: 'sales', free: 1, handling: 'pull' }, { id: 'support', free: 1, handling: 'pull' }] }),
      colleague('Sue'),
    ];
    const groups = ['Sales', 'Support'].map((name) => ({ id: name.toLowerCase(), name }));
    expect(groupsToAsk(all, groups, () => 0).map(({ name, say, can }) => [name, say, can])).toEqual([
      ['Support', '1 free', true],
      ['Sales', 'takes chats by hand: ask somebody by name', false],
    ]);
    expect(operatorsToAsk(all, 'sales').map(({ name, can }) => [name, can])).toEqual([
      ['Mona', true],
      ['Nora', true],
      ['Sue', true],
    ]);
  });

  it('asks a brand where anybody receives in any group', () => {
    const brands = [{ id: 'demo', name: 'Larkfield' }, { id: 'outlet', name: 'Outlet' }];
    const said = (all: readonly Colleague[]) => brandsToAsk(all, brands, () => true).map(({ id, say, can }) => [id, say, can]);
    expect(said([colleague('Sue'), colleague('Bob', { groups: [{ id: 'sales', free: 0, handling: 'primary' }] })])).toEqual([
      ['demo', '1 free', true], ['outlet', '1 free', true],
    ]);
    expect(said([colleague('Bob', { groups: [{ id: 'sales', free: 0, handling: 'primary' }] })])[0]).toEqual(['demo', 'nobody free', true]);
    expect(said([colleague('Abe', { status: 'away' }), colleague('Cleo', { groups: [] })])[0]).toEqual(['demo', 'nobody receives', false]);
    const byHand = colleague('Bob', { groups: [{ id: 'sales', free: 3, handling: 'pull' }] });
    expect(said([byHand])[0]).toEqual(['demo', 'takes chats by hand: ask somebody by name', false]);
    expect(said([byHand, colleague('Sue')])[0]).toEqual(['demo', '1 free', true]);
  });

  it('asks a brand only within the department that the visitor chose', () => {
    const brands = [{ id: 'demo', name: 'Larkfield' }];
    const all = [colleague('Sue'), colleague('Bob', { groups: [{ id: 'sales', free: 0, handling: 'primary' }] })];
    const within = (group: string) => brandsToAsk(all, brands, (id) => id === group).map(({ say, can }) => [say, can]);
    expect([within('support'), within('sales'), within('returns')]).toEqual([
      [['1 free', true]],
      [['nobody free', true]],
      [['nobody receives', false]],
    ]);
  });
});
