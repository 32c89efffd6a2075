// Walks the whole tour with the official JavaScript package: `node tour.mjs [chapter ...]`. Ends with 1 at the first failure.

import { House } from './house.mjs';
import { Tour } from './walk.mjs';
import { VERSION } from 'openai/version';

const CHAPTERS = [
  'model', 'chat', 'embedding', 'moderation', 'response', 'response_tool', 'conversation', 'file', 'vector_store', 'batch',
  'fine_tuning', 'evaluation', 'assistant', 'run', 'image', 'audio', 'video', 'container', 'webhook', 'realtime', 'chatkit',
  'agent', 'agent_session', 'automation', 'environment', 'decision', 'project', 'people', 'key', 'permission', 'external',
  'usage',
];

function told(chapter, error) {
  const where = /chapters\/[^)\s]+/.exec(error.stack ?? '')?.[0] ?? 'nowhere';
  return `FAILED in chapter '${chapter}', JavaScript\n  ${where}\n  ${error.name}: ${error.message}`;
}

/** Milliseconds that a chapter may take; the package's own helpers would wait for ever. */
const LONGEST = 120_000;

function tooLong(name, house) {
  console.error(`FAILED in chapter '${name}', JavaScript\n  it is not done after ${LONGEST / 1000} s`);
  house.close();
  process.exit(1);
}

async function walk(chapters) {
  const [house, since] = [await House.open(), Date.now()];
  let [total, operations] = [0, new Set()];
  try {
    for (const name of chapters) {
      const tour = new Tour(house);
      const limit = setTimeout(() => tooLong(name, house), LONGEST);
      try {
        await (await import(`./chapters/${name}.mjs`)).default(tour);
      } catch (error) {
        console.error(told(name, error));
        clearTimeout(limit);
        return 1;
      }
      clearTimeout(limit);
      total += tour.count;
      console.log(`  ${name.padEnd(14)} ${String(tour.count).padStart(4)} assertions`);
    }
    operations = await house.operations();
  } finally {
    house.close();
  }
  const seconds = ((Date.now() - since) / 1000).toFixed(1);
  console.log(`  ${chapters.length} chapters, ${total} assertions, ${operations.size} operations, ${seconds} s`);
  return 0;
}

console.log(`openai ${VERSION} for JavaScript, on Node.js ${process.version}`);
const chosen = process.argv.slice(2);
process.exitCode = await walk(chosen.length ? chosen : CHAPTERS);
