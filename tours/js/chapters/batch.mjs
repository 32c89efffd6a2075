// Batches: a hundred lines that are carried out, one of them wrong; another endpoint; cancelled; a file that is wrong.

import { OpenAI, every, sum } from '../walk.mjs';

const CHAT = '/v1/chat/completions';
const UNDER_WAY = ['validating', 'in_progress', 'finalizing', 'cancelling'];
const line = (n, more = {}) => {
  const body = { model: 'gpt-4o', messages: [{ role: 'user', content: `${n} + 1` }] };
  return { custom_id: `r${n}`, method: 'POST', url: CHAT, body, ...more };
};
const numbers = (count) => [...Array(count).keys()];

export default async function (t) {
  const { batches } = t.client;
  const settled = (batch) => t.settled(() => batches.retrieve(batch.id), ...UNDER_WAY);
  const start = async (lines, endpoint = CHAT) => {
    const input_file_id = await t.upload('in.jsonl', lines.map((one) => JSON.stringify(one)).join('\n'), 'batch');
    return batches.create({ input_file_id, endpoint, completion_window: '24h', metadata: { run: 'tour' } });
  };
  const rows = async (id) => {
    const text = await (await t.client.files.content(id)).text();
    return new Map(text.trim().split('\n').map((row) => JSON.parse(row)).map((row) => [row.custom_id, row]));
  };
  const lines = numbers(100).map((n) => line(n));
  lines[7].body.temperature = 9;
  const made = await start(lines);
  t.same([made.status, made.metadata], ['validating', { run: 'tour' }]);
  const done = await settled(made);
  t.same([done.status, done.request_counts], ['completed', { completed: 99, failed: 1, total: 100 }]);
  const [answers, errors] = [await rows(done.output_file_id), await rows(done.error_file_id)];
  for (const n of numbers(100).filter((n) => n !== 7)) {
    const { response } = answers.get(`r${n}`);
    t.same([response.status_code, response.body.choices[0].message.content], [200, `${n} + 1 = ${n + 1}`]);
  }
  t.same([[...errors.keys()], errors.get('r7').response.body.error.param], [['r7'], 'temperature']);
  const spent = [...answers.values()].map((row) => row.response.body.usage.total_tokens);
  t.same(done.usage.total_tokens, sum(spent));
  t.true((await every('id', batches.list({ limit: 1 }))).includes(made.id));
  const body = { model: 'text-embedding-3-small', input: 'Hello', dimensions: 8 };
  const other = await settled(await start([line(0, { url: '/v1/embeddings', body })], '/v1/embeddings'));
  t.same((await rows(other.output_file_id)).get('r0').response.status_code, 200);
  const stopped = await start(numbers(50).map((n) => line(n)));
  t.true(['cancelling', 'cancelled'].includes((await batches.cancel(stopped.id)).status));
  t.same((await settled(stopped)).status, 'cancelled');
  await t.refused(OpenAI.ConflictError, () => batches.cancel(stopped.id));
  const failed = await settled(await start([line(1), line(1)]));
  t.same([failed.status, failed.errors.data[0].line], ['failed', 2]);
  await t.gone(() => batches.retrieve('batch_none'));
}
