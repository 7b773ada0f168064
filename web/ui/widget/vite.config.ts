import { defineConfig, type ViteUserConfig as UserConfig } from 'vitest/config';

const build = {
  target: 'es2022',
  assetsInlineLimit: 0, // the content policy allows nothing inline
  modulePreload: { polyfill: false },
  license: { fileName: 'licenses.md' },
} satisfies UserConfig['build'];

// Three outputs. The loader is one classic script of a fixed name, which pages ask for; the window and the demo shop
// are documents of the server's own, whose scripts and styles bear a hash.
const modes: Record<string, UserConfig> = {
  loader: {
    build: {
      ...build,
      license: false,
      outDir: '../dist/widget',
      emptyOutDir: true,
      lib: { entry: 'src/loader/loader.ts', formats: ['iife'], name: 'SwitchboardLoader', fileName: () => 'widget.js' },
    },
  },
  window: {
    base: '/widget/',
    build: { ...build, outDir: '../dist/widget', emptyOutDir: false, rollupOptions: { input: 'window.html' } },
  },
  demo: {
    root: 'demo',
    base: '/demo/',
    build: { ...build, license: false, outDir: '../../dist/demo', emptyOutDir: true },
  },
};

export default defineConfig(({ mode }) => ({
  publicDir: false,
  ...modes[mode],
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
}));
