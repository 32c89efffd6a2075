// Usage and costs: what requests took, to the token, by project, model and kind.  The audit log: what was done.

import { OpenAI, all, bytes, every, file, sum, user } from '../walk.mjs';

const KINDS = {
  audioSpeeches: 'characters', audioTranscriptions: 'seconds', codeInterpreterSessions: 'num_sessions',
  completions: 'num_model_requests', decisions: 'num_model_requests', embeddings: 'input_tokens',
  fileSearchCalls: 'num_requests', images: 'images', moderations: 'input_tokens', vectorStores: 'usage_bytes',
};
const EXACT = { audioSpeeches: 5, images: 2, fileSearchCalls: 1, codeInterpreterSessions: 1 };

export default async function (t) {
  const { projects } = t.client.admin.organization;
  const project = await projects.create({ name: 'Usage' });
  const robot = t.make((await projects.serviceAccounts.create(project.id, { name: 'robot' })).api_key.value);
  const results = async (kind, more = {}) => {
    const query = { start_time: project.created_at, project_ids: [project.id], ...more };
    const page = await t.client.admin.organization.usage[kind](query);
    return page.data.flatMap((bucket) => bucket.results);
  };
  const told = [];
  for (const n of [0, 1, 2]) {
    told.push((await robot.chat.completions.create({ model: 'gpt-4o', messages: user(`What is ${n}+1?`) })).usage);
  }
  const answered = (await robot.responses.create({ model: 'gpt-4.1', input: 'What is 2+2?' })).usage;
  const model = 'text-embedding-3-small';
  const embedded = (await robot.embeddings.create({ model, input: 'some words to count' })).usage;
  const by = new Map((await results('completions', { group_by: ['model'] })).map((each) => [each.model, each]));
  const { num_model_requests, input_tokens, output_tokens } = by.get('gpt-4o');
  t.same(num_model_requests, 3);
  t.same(input_tokens, sum(told.map((usage) => usage.prompt_tokens)));
  t.same(output_tokens, sum(told.map((usage) => usage.completion_tokens)));
  t.same([by.get('gpt-4.1').input_tokens, by.get('gpt-4.1').output_tokens], [answered.input_tokens, answered.output_tokens]);
  t.same((await results('embeddings')).map((each) => each.input_tokens), [embedded.total_tokens]);
  const nano = input_tokens * 2500 + output_tokens * 10_000 + answered.input_tokens * 2000 +
    answered.output_tokens * 8000 + embedded.total_tokens * 20;
  t.near(sum((await results('costs')).map((each) => each.amount.value)), nano / 1e9, 1e-12);
  await traffic(t, robot);
  for (const [kind, field] of Object.entries(KINDS)) {
    const counted = sum((await results(kind)).map((each) => each[field]));
    t.same([kind, EXACT[kind] ? counted : counted > 0], [kind, EXACT[kind] ?? true]);
  }
  t.same(await results('webSearchCalls'), []);
  await audit(t);
}

/** A request of every kind. */
async function traffic(t, robot) {
  const spoken = await bytes(robot.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello', response_format: 'wav' }));
  await robot.audio.transcriptions.create({ model: 'whisper-1', file: file('a.wav', spoken) });
  await robot.moderations.create({ input: 'Hello there' });
  await robot.images.generate({ prompt: 'a fox', model: 'gpt-image-2.5-flare', size: '64x64', n: 2 });
  const questions = [{ type: 'predicate', instructions: 'It is short.' }];
  await robot.decisions.create({ model: 'gpt-6-luna', input: 'Hello', questions });
  const store = (await robot.vectorStores.create()).id;
  const file_id = await t.upload('a.txt', 'twelve bytes', 'assistants', robot);
  await robot.vectorStores.files.createAndPoll(store, { file_id }, { pollIntervalMs: 50 });
  await robot.vectorStores.search(store, { query: 'bytes' });
  const tools = [{ type: 'code_interpreter', container: { type: 'auto' } }];
  await robot.responses.create({ model: 'gpt-4o', input: 'What is 1+1?', tools });
}

async function audit(t) {
  const org = t.client.admin.organization;
  const before = new Set(await every('id', org.auditLogs.list({ limit: 100 })));
  const project = (await org.projects.create({ name: 'Audit' })).id;
  await org.projects.update(project, { name: 'Audited' });
  const made = await org.adminAPIKeys.create({ name: 'auditor' });
  const group = (await t.make(made.value).admin.organization.groups.create({ name: 'Watched' })).id;
  await t.refused(OpenAI.BadRequestError, () => org.projects.create({ name: '' }));
  const events = (await all(org.auditLogs.list({ limit: 100 }))).filter((event) => !before.has(event.id));
  const kinds = ['group.created', 'api_key.created', 'project.updated', 'project.created'];
  t.same(events.map((event) => event.type), kinds);
  t.same([events[0]['group.created'].id, events[0].actor.api_key.id], [group, made.id]);
  t.same(events[3]['project.created'].id, project);
  t.true(!JSON.stringify(events).includes(made.value));
}
