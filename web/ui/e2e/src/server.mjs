// The server under test, as whoever started this story keeps it: asked for by a line on standard output, answered
// by a line on standard input.

import { createInterface } from 'node:readline';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Where it listens. */
export const URL_OF_SERVER = process.env['SWITCHBOARD_TEST_URL'] ?? missing('SWITCHBOARD_TEST_URL');

/** Kills it, as a power cut of its process would. */
export async function kill() {
  await ask('kill', 'killed');
}

/** Starts it again at the same address, on what is on its disk. */
export async function start() {
  await ask('start', 'started');
}

/** Nothing more is asked for; without this the open standard input would keep the process. */
export function done() {
  process.stdin.destroy();
}

/**
 * @param {string} command
 * @param {string} wanted
 */
async function ask(command, wanted) {
  process.stdout.write(`${command}\n`);
  const { value } = await answers.next();
  if (value !== wanted) throw new Error(`asked to ${command}, was answered ${JSON.stringify(value)}`);
}

/**
 * @param {string} name
 * @returns {never}
 */
function missing(name) {
  throw new Error(`${name} is not set: this story is told by the test \`browser\` of the Rust suite`);
}
