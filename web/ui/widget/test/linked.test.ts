import { describe, expect, it } from 'vitest';
import { readLink } from '../src/window/linked';

const SUE = '0190a0a0a0a07000800000000000beef';

describe('a plain link', () => {
  it('says who follows it, whom they want, and from where they come', () => {
    const query = `?language=pt-BR&name=Clara+Wendt&email=clara%40larkfield.example&operator=${SUE}&department=sales&page=https%3A%2F%2Flarkfield.example%2Fcart%3Fa%3D1`;
    expect(readLink(query)).toEqual({
      given: { language: 'pt-BR', name: 'Clara Wendt', email: 'clara@larkfield.example', operator: SUE, department: 'sales' },
      page: { url: 'https://larkfield.example/cart?a=1', title: '' },
    });
  });

  it.each([
    ['nothing', ''],
    ['what a link may not say', '?identity=e30.e30.c2ln&variables=gold'],
    ['what has the wrong form', '?operator=sue&email=clara&language=in+english&page=javascript:alert(1)'],
    ['no page', '?page=https://'],
  ])('that says %s says nothing', (_what, query) => {
    expect(readLink(query)).toEqual({ given: {}, page: null });
  });
});
