// Writes .br and .gz beside every text asset of the built UI, so that the server only has to choose.

import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const TEXT = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt', '.md', '.map', '.webmanifest', '.wasm']);
const PACKED = new Set(['.br', '.gz']);
/** What every page of a website loads; as browsers ask for it over TLS it has at most so many bytes. */
const LOADER = 'widget/widget.js';
const LOADER_BYTES_MAX = 3 * 1024;
/** Smaller files fit one packet anyway, and headers would eat what is won. */
const BYTES_MIN = 256;

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const entries = await readdir(dist, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));

await Promise.all(files.filter((file) => PACKED.has(extname(file))).map((file) => rm(file)));
let [before, after, count] = [0, 0, 0];
for (const file of files.filter((file) => TEXT.has(extname(file))).sort()) {
  const plain = await readFile(file);
  if (plain.length < BYTES_MIN) continue;
  const [brotli, zipped] = await Promise.all([
    promisify(brotliCompress)(plain, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
      },
    }),
    promisify(gzip)(plain, { level: constants.Z_BEST_COMPRESSION }),
  ]);
  if (file.endsWith(LOADER) && brotli.length > LOADER_BYTES_MAX) {
    throw new Error(`${LOADER} has ${brotli.length} bytes with Brotli, where at most ${LOADER_BYTES_MAX} are promised`);
  }
  await Promise.all([writeFile(`${file}.br`, brotli), writeFile(`${file}.gz`, zipped)]);
  [before, after, count] = [before + plain.length, after + brotli.length, count + 1];
}
console.log(`compressed ${count} files: ${before} bytes, ${after} with brotli`);
