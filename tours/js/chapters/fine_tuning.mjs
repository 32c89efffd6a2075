// Fine-tuning: a job that trains, its events and checkpoints, and a model that knows what it was taught; graders.

import { OpenAI, all, every, user } from '../walk.mjs';

const UNDER_WAY = ['validating_files', 'queued', 'running'];
const asked = (n) => user(`What is the code of item ${n}?`);
const chat = (n) => JSON.stringify({ messages: [...asked(n), { role: 'assistant', content: `It is X-${n}.` }] });
const CHECK = {
  type: 'string_check', name: 'exact_match', input: '{{sample.output_text}}', reference: '{{item.answer}}', operation: 'eq',
};

export default async function (t) {
  const { jobs } = t.client.fineTuning;
  const start = async (lines = 20, more = {}) => {
    const text = [...Array(lines).keys()].map(chat).join('\n');
    return jobs.create({ model: 'gpt-4o-mini', training_file: await t.upload('train.jsonl', text, 'fine-tune'), ...more });
  };
  const settled = (job) => t.settled(() => jobs.retrieve(job.id), ...UNDER_WAY);
  const made = await start(20, { suffix: 'tour', seed: 7, metadata: { team: 'js' } });
  t.same([made.status, made.seed], ['validating_files', 7]);
  const done = await settled(made);
  t.same([done.status, done.hyperparameters.n_epochs], ['succeeded', 5]);
  const events = await all(jobs.listEvents(made.id, { limit: 30 }));
  const losses = events.filter((event) => event.type === 'metrics').map((event) => event.data.train_loss);
  t.same([losses.length, losses[0] < losses.at(-1)], [100, true]);
  t.same(await every('step_number', jobs.checkpoints.list(made.id)), [100, 80, 60, 40, 20]);
  t.same(await every('id', jobs.list({ metadata: { team: 'js' } })), [made.id]);
  const model = done.fine_tuned_model;
  const answer = await t.client.chat.completions.create({ model, messages: asked(4) });
  t.same(answer.choices[0].message.content, 'It is X-4.');
  await shared(t, model);
  await paused(t, jobs, await start());
  const failed = await settled(await start(9));
  t.same([failed.status, failed.error.code], ['failed', 'invalid_n_examples']);
  t.same((await t.client.models.delete(model)).deleted, true);
  await t.gone(() => t.client.chat.completions.create({ model, messages: asked(4) }));
  await graders(t);
}

async function shared(t, model) {
  const { permissions } = t.client.fineTuning.checkpoints;
  const made = await all(permissions.create(model, { project_ids: ['proj_a', 'proj_b'] }));
  t.same(made.map((each) => each.project_id), ['proj_a', 'proj_b']);
  t.same((await permissions.delete(made[0].id, { fine_tuned_model_checkpoint: model })).deleted, true);
  t.same(await every('id', permissions.list(model)), [made[1].id]);
}

async function paused(t, jobs, made) {
  await t.settled(() => jobs.retrieve(made.id), 'validating_files', 'queued');
  t.same((await jobs.pause(made.id)).status, 'paused');
  await t.house.wait(3600);
  t.same((await jobs.retrieve(made.id)).status, 'paused');
  t.same((await jobs.resume(made.id)).status, 'queued');
  t.same((await jobs.cancel(made.id)).status, 'cancelled');
  await t.refused(OpenAI.BadRequestError, () => jobs.cancel(made.id));
}

async function graders(t) {
  const { graders } = t.client.fineTuning.alpha;
  const reward = async (grader, model_sample) => (await graders.run({ grader, model_sample, item: { answer: 'yes' } })).reward;
  t.same([await reward(CHECK, 'yes'), await reward(CHECK, 'Yes')], [1, 0]);
  const like = {
    type: 'text_similarity', name: 'near', input: '{{sample.output_text}}', reference: 'the cat sat', evaluation_metric: 'rouge_l',
  };
  t.near(await reward(like, 'the cat sat'), 1);
  t.true((await reward(like, 'quantum flux')) < (await reward(like, 'the cat sat down')));
  const multi = { type: 'multi', name: 'both', graders: { exact_match: CHECK, near: like }, calculate_output: 'exact_match / 4 + 0 * near' };
  t.same(await reward(multi, 'yes'), 0.25);
  t.same((await graders.validate({ grader: CHECK })).grader, CHECK);
  await t.refused(OpenAI.BadRequestError, () => graders.validate({ grader: { ...CHECK, input: '{{foo.bar}}' } }));
}
