import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The output folder may lie outside the project (a Cargo build directory); stale hashes must not pile up in it.
    emptyOutDir: true,
    // A strict content security policy forbids what inlining produces, and the scanner's wasm must stay a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
  },
});
