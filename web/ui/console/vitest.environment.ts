/** Plain node, but with the modules as browsers get them: runes react, and there is no document to lean on. */
import type { Environment } from 'vitest/runtime';

export default {
  name: 'runes',
  viteEnvironment: 'client',
  setup: () => ({ teardown: () => {} }),
} satisfies Environment;
