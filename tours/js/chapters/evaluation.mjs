// Evals: runs that sample and grade, over rows that are given or in files; counts that agree.

import { OpenAI, all, every, sum } from '../walk.mjs';

const item_schema = {
  type: 'object', properties: { sum: { type: 'string' }, result: { type: 'integer' } }, required: ['sum', 'result'],
};
const CUSTOM = { type: 'custom', item_schema, include_sample_schema: true };
const RIGHT = {
  type: 'string_check', name: 'right', input: '{{sample.output_text}}', reference: '{{item.result}}', operation: 'like',
};
const ITEMS = [0, 1, 2, 3, 4, 5].map((n) => ({ sum: `${n} + 1`, result: n < 4 ? n + 1 : 99 }));
const ROWS = { type: 'file_content', content: ITEMS.map((item) => ({ item })) };
const ASKED = { type: 'template', template: [{ role: 'user', content: '{{item.sum}}' }] };

export default async function (t) {
  const { evals } = t.client;
  const made = await evals.create({ data_source_config: CUSTOM, testing_criteria: [RIGHT], name: 'sums', metadata: { k: 'v' } });
  t.same([made.object, made.name, made.testing_criteria], ['eval', 'sums', [RIGHT]]);
  t.same((await evals.update(made.id, { name: 'more' })).name, 'more');
  t.same((await evals.retrieve(made.id)).metadata, { k: 'v' });
  const at = { eval_id: made.id };
  const ran = async (data_source) => {
    const run = await evals.runs.create(made.id, { data_source });
    return t.settled(() => evals.runs.retrieve(run.id, at), 'queued', 'in_progress');
  };
  for (const type of ['completions', 'responses']) {
    const run = await ran({ type, source: ROWS, model: 'gpt-4o', input_messages: ASKED });
    t.same(run.result_counts, { total: 6, errored: 0, failed: 2, passed: 4 });
    const items = await all(evals.runs.outputItems.list(run.id, { ...at, limit: 4 }));
    t.same(items.map((item) => item.status), ['pass', 'pass', 'pass', 'pass', 'fail', 'fail']);
    t.same(run.per_model_usage[0].total_tokens, sum(items.map((item) => item.sample.usage.total_tokens)));
    t.same(await evals.runs.outputItems.retrieve(items[0].id, { ...at, run_id: run.id }), items[0]);
  }
  const text = ITEMS.map((item, n) => JSON.stringify({ item, sample: { output_text: String(n + 1) } })).join('\n');
  const run = await ran({ type: 'jsonl', source: { type: 'file_id', id: await t.upload('rows.jsonl', text, 'evals') } });
  t.same([run.result_counts.passed, run.result_counts.total], [4, 6]);
  const data_source = { type: 'completions', source: ROWS, model: 'gpt-4o', input_messages: ASKED };
  const stopped = await evals.runs.create(made.id, { data_source });
  t.same((await evals.runs.cancel(stopped.id, at)).status, 'canceled');
  t.same(await every('id', evals.runs.list(made.id, { status: 'canceled' })), [stopped.id]);
  t.same((await evals.runs.delete(stopped.id, at)).deleted, true);
  t.true((await every('id', evals.list({ limit: 1 }))).includes(made.id));
  t.same((await evals.delete(made.id)).deleted, true);
  await t.gone(() => evals.retrieve(made.id));
  const testing_criteria = [{ ...RIGHT, input: '{{row.a}}' }];
  await t.refused(OpenAI.BadRequestError, () => evals.create({ data_source_config: CUSTOM, testing_criteria }));
}
